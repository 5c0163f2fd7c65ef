/**
 * What the types of the wrappers promise, checked by the compiler alone: both uses keep the signature, and
 * what cannot work is an error where it is written.
 */
import { cache } from './cache.ts'
import { fallback } from './fallback.ts'
import { rateLimit } from './rate-limit.ts'
import { retry } from './retry.ts'
import { timeout } from './timeout.ts'

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const same = <A, B>(_is: Same<A, B>): void => {}

async function lookUp(id: string, page = 1): Promise<number[]> {
  return [id.length, page]
}
const identity = async <T>(value: T): Promise<T> => value
async function overloaded(value: string): Promise<string>
async function overloaded(value: number): Promise<number>
async function overloaded(value: string | number): Promise<string | number> {
  return value
}

export const wrapped = retry({ attempts: 3 })(
  timeout({ seconds: 1 })(rateLimit({ calls: 1, perSeconds: 1 })(lookUp)),
)
same<typeof wrapped, typeof lookUp>(true)
same<ReturnType<typeof generic>, Promise<'x'>>(true)
export const generic = () => retry()(identity)<'x'>('x')
export const overload: Promise<number> = retry()(overloaded)(5)
export const cached = cache({ key: (id: string) => id })(lookUp)
same<ReturnType<typeof cached.info>['hits'], number>(true)
export const synchronous: number = cache()((n: number) => n * 2)(2)

// @ts-expect-error the arguments are those of the function
export const wrongArgument = retry()(lookUp)(5)
// @ts-expect-error a synchronous function cannot wait
export const cannotRetry = retry()((n: number) => n)
// @ts-expect-error nor be given up on
export const cannotTimeOut = timeout({ ms: 1 })((n: number) => n)
// @ts-expect-error a generator is no promise
export const cannotLimit = rateLimit({ calls: 1, perSeconds: 1 })(async function* () {})

export const byValue: typeof lookUp = fallback([0])(lookUp)
export const byEmpty: typeof lookUp = fallback([])(lookUp)
export const byFunction: typeof lookUp = fallback((id: string) => [id.length])(lookUp)
export const byAsync: typeof lookUp = fallback(async () => [])(lookUp)
export const byLiteral = fallback('low')((): 'low' | 'high' => 'high')()
// @ts-expect-error the value is not of the result's type
export const wrongValue: typeof lookUp = fallback('none')(lookUp)
// @ts-expect-error the function takes other arguments
export const wrongFallback: typeof lookUp = fallback((id: number) => [id])(lookUp)
// @ts-expect-error a synchronous function cannot fall back on a promise
export const wrongKind: () => number = fallback(async () => 1)((): number => 1)

export class Client {
  readonly host = 'a.example'

  @fallback(function (this: Client, path: string) {
    return this.host + path
  })
  @cache({ ttlSeconds: 5, key: (path: string) => path })
  @retry({ attempts: 3, backoff: 'exponential' })
  @rateLimit({ calls: 1, perSeconds: 1 })
  @timeout({ seconds: 30 })
  async get(path: string): Promise<string> {
    return this.host + path
  }

  @retry()
  async echo<T>(value: T): Promise<T> {
    return value
  }

  @timeout({ ms: 5 })
  static async make(): Promise<Client> {
    return new Client()
  }

  @cache()
  area(width: number, height: number): number {
    return width * height
  }

  // @ts-expect-error a synchronous method cannot wait
  @retry()
  now(): number {
    return 1
  }

  // @ts-expect-error a field is no method
  @retry()
  later = async (): Promise<number> => 1

  // @ts-expect-error the fallback is of another type
  @fallback('none')
  async count(): Promise<number> {
    return 1
  }
}
same<Client['get'], (path: string) => Promise<string>>(true)
