---@meta dataforest.credentials
-- Made by tools/types.lua from operations.lua and the doc comments: do not edit (make types).

return require("dataforest").credentials
