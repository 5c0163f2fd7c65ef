import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { addressFamily, isPublicAddress } from './public-address.ts'

const test = testSuite('agents/tools/public-address')

const NOT_PUBLIC = [
  ...[
    '0.0.0.0',
    '0.1.2.3',
    '10.0.0.1',
    '10.255.255.255',
    '100.64.0.1',
    '100.100.100.200',
    '127.0.0.1',
    '127.1.2.3',
  ],
  ...[
    '168.63.129.16',
    '169.254.0.1',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.0.0.192',
    '192.0.2.1',
  ],
  ...['192.88.99.1', '192.168.0.1', '198.18.0.1', '198.51.100.1', '203.0.113.1', '224.0.0.1', '240.0.0.1'],
  ...['255.255.255.255', '::', '::1', '::127.0.0.1', '::ffff:127.0.0.1', '::ffff:7f00:1', '::ffff:8.8.8.8'],
  ...[
    '::ffff:0:127.0.0.1',
    '64:ff9b::7f00:1',
    '64:ff9b:1::a00:1',
    '100::1',
    '2001::1',
    '2001:db8::1',
    '2001:20::1',
  ],
  ...[
    '2002:7f00:1::',
    '3fff::1',
    '4000::1',
    '5f00::1',
    'fc00::1',
    'fd00:ec2::254',
    'fe80::1',
    'fe80::1%eth0',
  ],
  ...['fec0::1', 'ff02::1', '', 'localhost', '8.8.8.8 ', '8.8.8', '0x7f.1', '2606:4700::1%x'],
]
for (const address of NOT_PUBLIC) {
  test(`"${address}" is not on the public internet`, () => assert.is(isPublicAddress(address), false))
}

test('ordinary addresses are', () => {
  for (const address of [
    '8.8.8.8',
    '1.1.1.1',
    '172.32.0.1',
    '100.128.0.1',
    '2606:4700::1111',
    '2a00:1450::1',
  ]) {
    assert.is(isPublicAddress(address), true, address)
  }
})

test('knows a literal from a name', () => {
  assert.equal(
    ['1.2.3.4', '::1', '2606:4700::1111', 'example.com', '1.2.3', ''].map(addressFamily),
    [4, 6, 6, 0, 0, 0],
  )
})

test('an IPv4 address never becomes public by being written as IPv6', () => {
  fc.assert(
    fc.property(fc.ipV4(), fc.constantFrom('::', '::ffff:', '::ffff:0:', '64:ff9b::'), (v4, prefix) => {
      assert.is(isPublicAddress(`${prefix}${v4}`), false)
    }),
  )
})

test.run()
