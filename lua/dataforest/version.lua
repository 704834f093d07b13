--- The version, from the core, which has it from the file VERSION.
return require("dataforest.core").version
