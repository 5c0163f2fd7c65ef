/**
 * What kind of thing a name stands for: a car, a phone, a database, an instrument. Two of a kind may take each other's
 * place ("we run on Postgres now"), and "traded my Golf for a Tesla" is about cars without saying so. Read by the rules
 * for changes and by consolidation. World knowledge, and short: what is not in it has no kind.
 */

const KINDS: readonly (readonly [kind: string, names: string])[] = [
  [
    'car',
    'Audi|BMW|Chevrolet|Chrysler|Citroën|Citroen|Dacia|Dodge|Fiat|Ford|Golf|Honda|Hyundai|Jaguar|Jeep|Kia|Lexus|Mazda|Mercedes|Mini|Mitsubishi|Nissan|Opel|Peugeot|Polestar|Porsche|Prius|Renault|Rivian|Saab|Seat|Skoda|Škoda|Subaru|Suzuki|Tesla|Toyota|Vauxhall|Volkswagen|Volvo|VW|Civic|Corolla|Passat|Polo|Cupra|Subaru',
  ],
  [
    'phone model',
    'iPhone|Galaxy|Pixel|Fairphone|Nokia|Xperia|OnePlus|Huawei|Xiaomi|Motorola|Redmi|Oppo|BlackBerry|Realme',
  ],
  ['laptop', 'MacBook|ThinkPad|Chromebook|Zenbook|XPS|Latitude|Inspiron|EliteBook|IdeaPad|Vivobook|Surface'],
  ['tablet', 'iPad|Kindle'],
  [
    'database',
    'PostgreSQL|Postgres|MySQL|MariaDB|SQLite|MongoDB|Cassandra|CockroachDB|CouchDB|DynamoDB|Oracle|ScyllaDB|Firestore|DuckDB|Spanner|TiDB|Couchbase|Neo4j',
  ],
  [
    'CI',
    'Jenkins|CircleCI|GitLab CI|GitHub Actions|Buildkite|Drone|TeamCity|Travis|Travis CI|Bamboo|Concourse|Azure Pipelines|Woodpecker',
  ],
  [
    'hosting',
    'AWS|Azure|GCP|Google Cloud|Hetzner|OVH|DigitalOcean|Linode|Scaleway|Heroku|Fly.io|Render|Vercel|Netlify|Vultr|Railway|Cloudflare|Exoscale|Amazon',
  ],
  [
    'payment provider',
    'Stripe|Adyen|Mollie|Paddle|Braintree|Klarna|Square|PayPal|Worldpay|Checkout.com|Razorpay|GoCardless|Chargebee',
  ],
  ['chat', 'Slack|Teams|Microsoft Teams|Mattermost|Discord|Zulip|Rocket.Chat'],
  ['issue tracker', 'Jira|Linear|Trello|Asana|YouTrack|Basecamp|Monday.com|ClickUp|Shortcut'],
  ['editor', 'Vim|Neovim|Emacs|VS Code|IntelliJ|WebStorm|Zed|Sublime'],
  ['framework', 'React|Vue|Angular|Svelte|Solid|Ember|Preact|Next.js|Nuxt'],
  ['message queue', 'Kafka|RabbitMQ|NATS|Pulsar|ActiveMQ|SQS'],
  ['cloud storage', 'Dropbox|Google Drive|OneDrive|Nextcloud'],
  ['video calls', 'Zoom|Google Meet|Webex|Jitsi'],
  [
    'instrument',
    'guitar|piano|violin|viola|cello|drums|flute|clarinet|trumpet|trombone|saxophone|sax|ukulele|bass|harp|banjo|accordion|oboe|bassoon|mandolin|harmonica|organ|keyboard|double bass|recorder|tuba|sitar|bagpipes|french horn|horn',
  ],
  [
    'diet',
    'vegan|vegetarian|pescatarian|flexitarian|gluten-free|low-carb|keto|ketogenic|paleo|plant-based|dairy-free|sugar-free|omnivore|halal|kosher|carnivore|raw vegan|mediterranean|low-fat|lactose-free|raw',
  ],
  [
    'plan',
    'Basic|Pro|Premium|Business|Family|Student|Enterprise|Free|Plus|Standard|Starter|Team|Flex|Gold|Silver|Bronze|Platinum|Unlimited|Essential|Advanced|Professional|Individual|Duo|Lite|Ultimate|Max|Growth|Hobby|Personal|Deluxe',
  ],
]

const KIND_OF: ReadonlyMap<string, string> = new Map(
  KINDS.flatMap(([kind, names]) => names.split('|').map(name => [name.toLowerCase(), kind] as const)),
)
/** "Basic" and "golf" are words of their own: only as they are written here do they name a thing. */
const AS_WRITTEN: ReadonlySet<string> = new Set(
  KINDS.filter(([kind]) => kind !== 'diet' && kind !== 'instrument').flatMap(([, names]) => names.split('|')),
)
const LOWER = /^\p{Ll}/u

/** The kind of a thing by its whole name or by the first word of it, which is the make of a product. */
export function kindOf(name: string): string | undefined {
  const plain = name.replace(/^(?:an?|the|my|our) (?:new )?/i, '')
  const first = plain.split(' ')[0] ?? ''
  for (const one of [plain, plain.split(' ').slice(0, 2).join(' '), first]) {
    const kind = KIND_OF.get(one.toLowerCase())
    if (kind !== undefined && (LOWER.test(one) || AS_WRITTEN.has(one))) return kind
  }
  return undefined
}

const of = (wanted: string): string =>
  KINDS.filter(([kind]) => kind === wanted)
    .map(([, names]) => names)
    .join('|')

/** Alternatives of a pattern, the longest first. */
export const INSTRUMENTS: string = of('instrument')
  .split('|')
  .sort((a, b) => b.length - a.length)
  .join('|')
export const DIETS: string = of('diet')
  .split('|')
  .sort((a, b) => b.length - a.length)
  .join('|')
