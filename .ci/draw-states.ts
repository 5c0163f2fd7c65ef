/** `node --import tsx .ci/draw-states.ts`: draws the diagrams of `docs/states.md` anew, after a machine changed. */
import { readFileSync, writeFileSync } from 'node:fs'
import { redrawn } from './states.ts'

const PAGE = 'docs/states.md'
writeFileSync(PAGE, redrawn(readFileSync(PAGE, 'utf8')))
