/**
 * Policies for your own methods. Agents do not need them: what an agent does is retried by its supervisor.
 * The decorators are those of TC39: compile with TypeScript 5 or newer, without `experimentalDecorators`.
 */
import { cache, fallback, rateLimit, retry, timeout } from 'agenticraft'

class Weather {
  #requests = 0

  /** Fails twice, then answers: three attempts are allowed. */
  @retry({ attempts: 3, baseMs: 10, onRetry: ({ attempt }) => console.log(`attempt ${attempt} failed`) })
  @timeout({ ms: 1_000 })
  async today(town: string): Promise<string> {
    this.#requests++
    if (this.#requests < 3) throw new Error('the weather service is down')
    return `sunny in ${town}`
  }

  /** Whoever asks within the minute gets the same answer; two who ask at once make one request. */
  @cache({ ttlSeconds: 60 })
  async tomorrow(town: string): Promise<string> {
    this.#requests++
    return `rain in ${town}, says request ${this.#requests}`
  }

  @fallback(() => 'nobody knows')
  @rateLimit({ calls: 60, perSeconds: 60 })
  async nextYear(): Promise<string> {
    throw new Error('too far away')
  }
}

const weather = new Weather()
console.log(await weather.today('Oslo'))
console.log(await weather.tomorrow('Oslo'))
console.log(await weather.tomorrow('Oslo'))
console.log(await weather.nextYear())
