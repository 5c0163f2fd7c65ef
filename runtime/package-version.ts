/** The version of this package, read from its package.json, which lies at another depth in `dist/`. */
import { existsSync, readFileSync } from 'node:fs'

/** For example `0.1.0`. */
export function packageVersion(): string {
  const places = ['../package.json', '../../package.json'].map(path => new URL(path, import.meta.url))
  const found = places.find(place => existsSync(place)) ?? new URL('package.json', import.meta.url)
  return (JSON.parse(readFileSync(found, 'utf8')) as { version: string }).version
}
