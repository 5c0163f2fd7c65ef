/**
 * Known security advisories of nats-server (advisories.nats.io, as of 2026-06-29), by version. Features that a server
 * started by `agenticraft nats up` never opens are named with them. As data and a pure function.
 */

export interface NatsAdvisory {
  readonly id: string
  readonly about: string
  /** What has to be in use for it to matter. */
  readonly needs: string
  /** The first versions without it, one for each line that got one. */
  readonly fixedIn: readonly string[]
}

/** Lines that get fixes; every older one keeps what was found in 2026. */
const LINES_OF_2026 = ['2.12.12', '2.14.3']

const ADVISORIES: readonly (NatsAdvisory & { readonly since?: string })[] = [
  {
    id: 'CVE-2023-47090',
    about: 'whoever gives no name is let in',
    needs: 'an authorization block beside an accounts block with $SYS',
    fixedIn: ['2.9.23', '2.10.2'],
  },
  {
    id: 'CVE-2025-30215',
    about: 'administration of JetStream in other accounts',
    needs: 'several accounts',
    fixedIn: ['2.10.27', '2.11.1'],
  },
  {
    id: 'CVE-2026-33222',
    about: 'restores into another stream',
    needs: 'users allowed to restore streams',
    fixedIn: LINES_OF_2026,
  },
  {
    id: 'CVE-2026-33249',
    about: 'traces sent elsewhere',
    needs: 'message tracing',
    fixedIn: LINES_OF_2026,
    since: '2.11.0',
  },
  {
    id: '2026-17, 2026-18',
    about: 'deny rules for subscriptions passed by wildcards and queues',
    needs: 'deny rules',
    fixedIn: LINES_OF_2026,
  },
  {
    id: '2026-16, 2026-24',
    about: 'the fast path of users without a name',
    needs: 'no_auth_user',
    fixedIn: LINES_OF_2026,
  },
  {
    id: 'CVE-2026-27571, CVE-2026-27889, CVE-2026-33219',
    about: 'crashes before login',
    needs: 'websocket',
    fixedIn: LINES_OF_2026,
  },
  {
    id: 'CVE-2026-29785, CVE-2026-33218, 2026-19',
    about: 'crashes before login',
    needs: 'leafnodes',
    fixedIn: LINES_OF_2026,
  },
  {
    id: 'CVE-2026-33215, CVE-2026-33216, CVE-2026-33217, 2026-21, 2026-22, 2026-25, 2026-26',
    about: 'several',
    needs: 'mqtt',
    fixedIn: LINES_OF_2026,
  },
  {
    id: 'CVE-2026-33247',
    about: 'credentials of the command line shown',
    needs: 'credentials in argv and the http monitor',
    fixedIn: LINES_OF_2026,
  },
  {
    id: 'CVE-2026-33248',
    about: 'certificates taken for other users',
    needs: 'users known by their certificate',
    fixedIn: LINES_OF_2026,
  },
  { id: '2026-23', about: 'a crash by a malformed JWT', needs: 'JWT users', fixedIn: LINES_OF_2026 },
  { id: '2026-28', about: 'an overflow of connz', needs: 'the http monitor', fixedIn: LINES_OF_2026 },
]

/** Those that apply to a version, for example `2.9.10`; a pre-release counts as its release. */
export const advisoriesOf = (version: string): readonly NatsAdvisory[] =>
  ADVISORIES.filter(
    ({ fixedIn, since = '0.0.0' }) => compare(version, since) >= 0 && !isFixed(version, fixedIn),
  ).map(({ id, about, needs, fixedIn }) => ({ id, about, needs, fixedIn }))

/** True when a version is not known to have any, which is what one that others can reach should be. */
export const isUpToDate = (version: string): boolean => advisoriesOf(version).length === 0

export const RECOMMENDED = LINES_OF_2026

/** From 2.10 on `sync_interval: always` makes JetStream wait for the disk; before, nothing does. */
export const canSync = (version: string): boolean => compare(version, '2.10.0') >= 0

function isFixed(version: string, fixedIn: readonly string[]): boolean {
  const [major, minor] = numbers(version)
  const own = fixedIn.find(fixed => numbers(fixed)[0] === major && numbers(fixed)[1] === minor)
  if (own !== undefined) return compare(version, own) >= 0
  return fixedIn.every(fixed => compare(version, fixed) > 0)
}

const numbers = (version: string): readonly number[] =>
  version.split('.').map(part => Number.parseInt(part, 10) || 0)

function compare(a: string, b: string): number {
  const [left, right] = [numbers(a), numbers(b)]
  const at = [0, 1, 2].find(index => (left[index] ?? 0) !== (right[index] ?? 0))
  return at === undefined ? 0 : (left[at] ?? 0) - (right[at] ?? 0)
}
