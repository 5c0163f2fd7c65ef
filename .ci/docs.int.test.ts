import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { glob } from 'tinyglobby'
import * as assert from 'uvu/assert'
import { testSuite } from '../runtime/testkit/suite.ts'
import { snippetsOf, sourcePaths } from './docs.ts'

const test = testSuite('.ci/docs (compiler)', { limitMs: 120_000 })

const TSC = resolve('node_modules/typescript/bin/tsc')

const read = async (path: string) => readFile(path, 'utf8')

/** What the compiler says about modules that import the public entry points; empty if all is well. */
async function compile(snippets: readonly { name: string; text: string }[]): Promise<string> {
  const { name, exports } = JSON.parse(await read('package.json'))
  await mkdir('.agenticraft', { recursive: true })
  // Inside the repository, so that the snippets find the packages they import.
  const folder = await mkdtemp(join('.agenticraft', 'snippets-'))
  const config = {
    extends: '../../tsconfig.json',
    compilerOptions: {
      paths: sourcePaths(name, exports, resolve('.')),
      noUnusedLocals: false,
      noUnusedParameters: false,
    },
    // Types that our own sources declare for a library that brings none.
    include: ['*.ts', '../../runtime/*.d.ts'],
  }
  try {
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(config))
    for (const snippet of snippets) await writeFile(join(folder, snippet.name), snippet.text)
    return await output(process.execPath, [TSC, '-p', folder, '--pretty', 'false'])
  } finally {
    await rm(folder, { recursive: true })
  }
}

function output(command: string, args: string[]): Promise<string> {
  return new Promise((done, failed) => {
    execFile(command, args, { maxBuffer: 1e8 }, (error, stdout, stderr) => {
      if (error && typeof error.code !== 'number') failed(error)
      else done(stdout + stderr)
    })
  })
}

test('the code of the README and the documents compiles', async () => {
  const paths = await glob(['README.md', 'docs/**/*.md'])
  const texts = await Promise.all(paths.map(async path => snippetsOf(path, await read(path))))
  const snippets = texts.flat()
  if (snippets.length > 0) assert.is(await compile(snippets), '')
})

test('a planted error is found, at its line', async () => {
  const planted = snippetsOf('docs/a.md', '# A\n\n```ts\nconst a: number = 1\nconst b: string = a\n```\n')
  assert.match(await compile(planted), /docs_a\.md\.line-4\.ts\(5,7\): error TS2322/)
})

test('an entry point that does not exist is found', async () => {
  const planted = snippetsOf('docs/a.md', "```ts\nimport { a } from 'agenticraft/nowhere'\n```\n")
  assert.match(await compile(planted), 'TS2307')
})

test.run()
