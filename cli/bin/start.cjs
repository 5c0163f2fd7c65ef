/*
 * Loads the built command line. A file of its own because an old Node cannot parse `import()`; the
 * launcher requires it after the version check.
 */
'use strict'

const { existsSync } = require('node:fs')
const { join } = require('node:path')
const { pathToFileURL } = require('node:url')

const root = join(__dirname, '..', '..')
const main = join(root, 'dist', 'cli', 'main.js')

if (existsSync(main)) {
  import(pathToFileURL(main).href).catch(error => {
    console.error(error)
    console.error(`agenticraft could not start. If a package is missing, run: npm ci  (in ${root})`)
    process.exitCode = 70
  })
} else {
  console.error(`agenticraft is not built: ${main} is missing. Run: npm ci  (in ${root}; it builds as well)`)
  process.exitCode = 70
}
