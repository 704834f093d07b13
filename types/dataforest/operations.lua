---@meta dataforest.operations
-- Made by tools/types.lua from operations.lua and the doc comments: do not edit (make types).

return require("dataforest").operations
