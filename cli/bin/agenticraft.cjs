#!/usr/bin/env node
/*
 * The launcher. ES5 on purpose: an old Node must be able to parse it, so that it can say what is wrong
 * instead of failing with a syntax error. All else is in start.cjs, which is read after the check.
 */
'use strict'

var REQUIRED = [20, 19]
var found = process.versions.node.split('.').map(Number)

if (found[0] < REQUIRED[0] || (found[0] === REQUIRED[0] && found[1] < REQUIRED[1])) {
  console.error(
    'agenticraft needs Node.js ' +
      REQUIRED.join('.') +
      ' or newer, and this is ' +
      process.versions.node +
      '. Install a current one from https://nodejs.org or with your version manager, for example: nvm install 22',
  )
  process.exit(70)
} else {
  require('./start.cjs')
}
