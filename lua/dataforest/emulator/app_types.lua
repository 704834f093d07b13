--- The fifteen app types, as data.
--
-- The pages name the types, and the components of two of them (DEV: shell; KAFKA: broker and
-- kafka-manager). The other components, all sizes but KAFKA's, the ports and the dependencies are
-- made up after the products' own habits.
-- @module dataforest.emulator.app_types

local ascii = require "dataforest.util.ascii"
local tables = require "dataforest.util.tables"

local HBASE = {
  { "hmaster", memoryMb = 2048, cpuCount = 1, ports = { hmaster = 16010 } },
  { "regionserver", memoryMb = 4096, cpuCount = 2, containerCount = 2 },
}

local list = {
  {
    id = "DEV-1.0.0",
    components = { { "shell", memoryMb = 2048, cpuCount = 1, ports = { shell = 8080, supervisor = 9001 } } },
  },
  {
    id = "ELASTICSEARCH-7.3.2",
    components = {
      { "es", memoryMb = 4096, cpuCount = 2, containerCount = 3, ports = { es = 9200 } },
      { "cerebro", memoryMb = 1024, cpuCount = 1, ports = { cerebro = 9000 } },
    },
  },
  {
    id = "GRAFANA-7.5.10",
    components = { { "grafana", memoryMb = 2048, cpuCount = 1, ports = { grafana = 3000 } } },
  },
  { id = "HBASE-2.0.0", depends_on = "ZOOKEEPER-3.4.13", components = HBASE },
  { id = "HBASE-2.2.3", depends_on = "ZOOKEEPER-3.4.13", components = HBASE },
  {
    id = "HIVESERVER2-LDAP-3.1.0",
    components = { { "hiveserver2", memoryMb = 4096, cpuCount = 2, ports = { hiveserver2 = 10002 } } },
  },
  {
    id = "HUE-4.7.0",
    components = { { "hue", memoryMb = 4096, cpuCount = 2, ports = { hue = 8888 } } },
  },
  {
    id = "KAFKA-2.4.0",
    depends_on = "ZOOKEEPER-3.4.13",
    components = {
      { "broker", memoryMb = 2048, cpuCount = 4 },
      { "kafka-manager", memoryMb = 2048, cpuCount = 1, ports = { ["kafka-manager"] = 9000 } },
    },
  },
  {
    id = "KIBANA-7.3.2",
    depends_on = "ELASTICSEARCH-7.3.2",
    components = { { "kibana", memoryMb = 2048, cpuCount = 1, ports = { kibana = 5601 } } },
  },
  {
    id = "OPENTSDB-2.4.1",
    depends_on = "HBASE-2.0.0",
    components = { { "tsd", memoryMb = 2048, cpuCount = 1, ports = { tsd = 4242 } } },
  },
  {
    id = "PHOENIX-5.0.0",
    depends_on = "HBASE-2.0.0",
    components = { { "queryserver", memoryMb = 2048, cpuCount = 1, ports = { queryserver = 8765 } } },
  },
  {
    id = "SPARK-HISTORYSERVER-3.1.2",
    components = {
      { "historyserver", memoryMb = 4096, cpuCount = 1, ports = { historyserver = 18080 } },
    },
  },
  {
    id = "TRINO-437",
    components = {
      { "coordinator", memoryMb = 8192, cpuCount = 2, ports = { coordinator = 8080 } },
      { "worker", memoryMb = 8192, cpuCount = 2, containerCount = 2 },
    },
  },
  {
    id = "ZEPPELIN-0.10.1",
    components = { { "zeppelin", memoryMb = 4096, cpuCount = 2, ports = { zeppelin = 9995 } } },
  },
  {
    id = "ZOOKEEPER-3.4.13",
    components = {
      { "zk", memoryMb = 1024, cpuCount = 1, containerCount = 3, ports = { ["zookeeper-webui"] = 8080 } },
    },
  },
}

local app_types = { list = list, by_id = {} }

for _, app_type in ipairs(list) do
  app_type.name, app_type.version = app_type.id:match("^(.+)%-([%d.]+)$")
  app_type.image = ("registry.kr.df.naverncp.com/dataforest/%s:%s"):format(
    ascii.lower(app_type.name),
    app_type.version
  )
  app_type.by_name = {}
  for _, component in ipairs(app_type.components) do
    component.name = component[1]
    component.containerCount = component.containerCount or 1
    app_type.by_name[component.name] = component
  end
  app_types.by_id[app_type.id] = app_type
end

--- Calls `each(link name, component name, port)` for the quick links of a type, in order.
function app_types.each_link(app_type, each)
  for _, component in ipairs(app_type.components) do
    for _, name in ipairs(tables.sorted_keys(component.ports or {})) do
      each(name, component.name, component.ports[name])
    end
  end
end

--- The components that a type has where nobody says otherwise, as apps/create takes them.
-- @treturn {table,...}
function app_types.default_components(app_type)
  local out = {}
  for i, component in ipairs(app_type.components) do
    out[i] = {
      name = component.name,
      memoryMb = component.memoryMb,
      cpuCount = component.cpuCount,
      containerCount = component.containerCount,
    }
  end
  return out
end

local function quicklinks(app_type)
  local out = {}
  app_types.each_link(app_type, function(name, component, port)
    out[#out + 1] = ('"%s":"https://${USER}--${SERVICE_NAME}--%s--%d.{{YARN_SERVICE_PROXY_DOMAIN}}"'):format(
      name,
      component,
      port
    )
  end)
  return table.concat(out, ",")
end

local function components(app_type)
  local out = {}
  for i, component in ipairs(app_type.components) do
    out[i] = ('{"name":"%s","number_of_containers":%d,"resource":{"cpus":%d,"memory":"%d"}}'):format(
      component.name,
      component.containerCount,
      component.cpuCount,
      component.memoryMb
    )
  end
  return table.concat(out, ",")
end

--- The template of a type. As in the pages it looks like the JSON of a YARN service, and does not
-- parse: a stray quotation mark follows the lifetime.
-- @tparam table app_type
-- @tparam string lifetime what stands for the lifetime: `"integer"` or a number
-- @treturn string
function app_types.template(app_type, lifetime)
  return table.concat {
    '{"name":"<app-name>","lifetime":',
    lifetime,
    ',","queue":"dev","description":"',
    app_type.id,
    '","artifact":{"id":"',
    app_type.image:gsub("^[^/]*", "{{DEFAULT_DOCKER_REGISTRY}}"),
    '","type":"DOCKER"},"quicklinks":{',
    quicklinks(app_type),
    '},"configuration":{"env":{"KRB5_KTNAME":"/etc/security/keytabs/{{USER}}.service.keytab"}}',
    ',"components":[',
    components(app_type),
    "]}",
  }
end

return app_types
