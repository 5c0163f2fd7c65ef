import * as assert from 'uvu/assert'
import { RuntimeError } from '../../actors/errors.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { checkedUrl, type SafeFetchOptions, safeFetch } from './safe-fetch.ts'

const test = testSuite('agents/tools/safe-fetch')

async function errorOf(url: string, options?: SafeFetchOptions): Promise<RuntimeError> {
  const error = await safeFetch(url, options).then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  assert.instance(error, RuntimeError, `${url}: ${error}`)
  return error as RuntimeError
}

/** A literal must be judged without asking a resolver. */
const noResolver = { resolve: (host: string) => Promise.reject(new Error(`resolved ${host}`)) }

const LITERALS = [
  ...['http://127.0.0.1/', 'http://127.0.0.1.:80/', 'http://127.1/', 'http://127.0.1/', 'http://2130706433/'],
  ...[
    'http://0x7f000001/',
    'http://0x7f.0.0.1/',
    'http://0177.0.0.1/',
    'http://017700000001/',
    'http://0x7F.1',
  ],
  ...[
    'http://%31%32%37.0.0.1/',
    'http://１２７.０.０.１/',
    'http://127。0。0。1/',
    'http://①②⑦.0.0.1/',
    'http:127.0.0.1',
  ],
  ...['http:\\\\127.0.0.1\\', 'http:///127.0.0.1', 'http://127.0.0.1/@example.com'],
  ...[
    'http://0/',
    'http://0.0.0.0/',
    'http://10.0.0.1/',
    'http://172.16.9.9',
    'http://192.168.1.1:8080/admin',
  ],
  ...[
    'http://100.64.0.1',
    'http://169.254.169.254/latest/meta-data/',
    'http://2852039166/',
    'http://0xA9FEA9FE',
  ],
  ...['http://168.63.129.16/metadata', 'http://224.0.0.1', 'http://255.255.255.255', 'https://198.18.0.1'],
  ...[
    'http://[::]/',
    'http://[::1]/',
    'http://[0:0:0:0:0:0:0:1]',
    'http://[::ffff:127.0.0.1]',
    'http://[::127.0.0.1]',
  ],
  ...[
    'http://[::ffff:7f00:1]/',
    'http://[::ffff:a9fe:a9fe]',
    'http://[64:ff9b::127.0.0.1]',
    'http://[64:ff9b:1::1]',
  ],
  ...[
    'http://[fe80::1]',
    'http://[fc00::1]',
    'http://[fd00:ec2::254]/',
    'http://[ff02::1]',
    'http://[2002:7f00:1::]',
  ],
  ...['http://[fec0::1]', 'http://[2001:db8::1]'],
]
for (const url of LITERALS) {
  test(`refuses ${url}`, async () => assert.is((await errorOf(url, noResolver)).kind, 'url-refused'))
}

const FORMS = [
  ...[
    'file:///etc/passwd',
    'data:text/plain,hi',
    'gopher://example.com/',
    'ftp://example.com',
    'javascript:alert(1)',
  ],
  ...[
    'blob:https://example.com/x',
    'ws://example.com',
    'about:blank',
    'view-source:http://example.com',
    '//x',
    '',
  ],
  ...[
    'http://user@example.com/',
    'http://user:pw@example.com/',
    'http://:pw@example.com',
    'http://a@b@127.0.0.1/',
  ],
  ...[
    'not a url',
    'http://',
    'http://exa mple.com',
    'http://[fe80::1%25eth0]/',
    'http://[::1',
    'http://256.256.1.1/',
  ],
  ...['http://1.2.3.4.5/', 'http://example.com:99999/', `http://example.com/${'a'.repeat(9_000)}`],
]
for (const url of FORMS) {
  test(`refuses the form ${JSON.stringify(url.slice(0, 60))}`, async () => {
    assert.is((await errorOf(url, noResolver)).kind, 'url-refused')
  })
}

const NAMES: readonly (readonly [host: string, addresses: readonly string[]])[] = [
  ['localhost', ['127.0.0.1', '::1']],
  ['localhost.', ['127.0.0.1']],
  ['LOCALHOST', ['::1']],
  ['metadata.google.internal', ['169.254.169.254']],
  ['rebind.example', ['93.184.216.34', '127.0.0.1']],
  ['mixed.example', ['2606:4700::1111', 'fe80::1']],
  ['mapped.example', ['::ffff:10.0.0.1']],
  ['nat64.example', ['64:ff9b::a00:1']],
  ['scoped.example', ['fe80::1%eth0']],
  ['odd.example', ['0x7f000001']],
  ['nobody.example', []],
]
for (const [host, addresses] of NAMES) {
  test(`refuses the name ${host} that leads to ${addresses.join(', ') || 'nothing'}`, async () => {
    const asked: string[] = []
    const resolve = (name: string): Promise<readonly string[]> => {
      asked.push(name)
      return Promise.resolve(addresses)
    }
    assert.is((await errorOf(`https://${host}/path`, { resolve })).kind, 'url-refused')
    assert.equal(asked, [host.toLowerCase()])
  })
}

test('never shows the password of a refused URL', async () => {
  const error = await errorOf('http://user:hunter2@example.com/', noResolver)
  assert.not(JSON.stringify([error.message, error.why, error.fix, error.details]).includes('hunter2'))
})

test('drops the fragment and resolves relative addresses', () => {
  assert.is(checkedUrl('https://example.com/a#b').href, 'https://example.com/a')
  assert.is(checkedUrl('../c?d', new URL('https://example.com/a/b')).href, 'https://example.com/c?d')
})

test('a name that does not exist is a failure that trying again does not mend', async () => {
  const resolve = (): Promise<never> =>
    Promise.reject(Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' }))
  const error = await errorOf('https://gone.example', { resolve })
  assert.equal([error.kind, error.retryable], ['tool-failed', false])
})

test('does not wait for a resolver that hangs', async () => {
  const resolve = (): Promise<never> => new Promise(() => {})
  const error = await errorOf('https://slow.example', { resolve, timeoutMs: 20 })
  assert.is(error.kind, 'attempt-timeout')
})

test('a cancelled fetch ends with the reason it was given', async () => {
  const stop = new AbortController()
  const resolve = (): Promise<never> => new Promise(() => {})
  const promise = errorOf('https://slow.example', { resolve, signal: stop.signal })
  stop.abort(new RuntimeError('budget-exhausted', 'enough'))
  assert.is((await promise).kind, 'budget-exhausted')
  assert.is((await errorOf('https://slow.example', { signal: AbortSignal.abort() })).kind, 'cancelled')
})

test.run()
