-- A forest: an account, a message broker with its ZooKeeper, and machines for two developers.
--
--     dataforest plan examples/forest/forest.lua
--     DF_PASSWORD=... dataforest apply examples/forest/forest.lua

local apps = {
  { name = "zoo", type = "ZOOKEEPER-3.4.13" },
  {
    name = "kafka",
    type = "KAFKA-2.4.0",
    dependsOn = { "zoo" },
    lifetime = -1,
    components = { broker = { memoryMb = 4096, containerCount = 3 } },
  },
}

-- A spec file has no globals, not even ipairs.
local developers = { "ada", "grace" }
for i = 1, #developers do
  apps[#apps + 1] = {
    name = "dev-" .. developers[i],
    type = "DEV-1.0.0",
    lifetime = 604800, -- a week
    components = { shell = { containerCount = 1 } },
  }
end

return {
  account = {
    name = "df001",
    password = { env = "DF_PASSWORD" },
    quotas = { koya = { spaceTb = 300, fileCountMillion = 2 } },
  },
  apps = apps,
}
