---@meta dataforest.emulator
-- Made by tools/types.lua from operations.lua and the doc comments: do not edit (make types).

return require("dataforest").emulator
