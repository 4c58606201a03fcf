# A shim: node-gyp (and so node-gyp-build) hands the build over to CMake. CMakeLists.txt has the rest.
{
  "targets": [
    {
      "target_name": "facededup",
      "type": "none",
      "actions": [
        {
          "action_name": "cmake",
          "inputs": [],
          "outputs": ["<(PRODUCT_DIR)/facededup.node"],
          "action": ["node", "scripts/build-native.mjs"]
        }
      ]
    }
  ]
}
