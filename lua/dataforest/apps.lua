--- What `df.apps` offers beyond the operations themselves.
-- @module dataforest.apps

local apps = {}

return apps
