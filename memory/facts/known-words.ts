/**
 * Words that decide what a sentence states: "I'm a nurse" names a job, "I'm a mess" does not. Read by the rules for
 * statements. The lists are short on purpose: what is not in them is not extracted.
 */

const words = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/).filter(word => word !== ''))

/** The last word of a job's name. */
export const JOBS = words(`
  accountant actor actress administrator advisor agent analyst animator architect artist assistant attorney author
  baker banker barber barista bartender biologist bookkeeper builder butcher captain caregiver carpenter cashier chef
  chemist clerk coach composer conductor consultant contractor cook coordinator counselor counsellor courier dancer
  dentist designer detective developer dietitian director doctor driver economist editor electrician engineer
  entrepreneur executive farmer filmmaker firefighter fisherman florist freelancer gardener geologist guard guide
  hairdresser historian housekeeper illustrator instructor interpreter investigator janitor jeweller journalist judge
  lawyer lecturer librarian lifeguard lobbyist locksmith machinist magistrate manager mechanic midwife miner musician
  nanny nurse nutritionist officer operator optician optometrist orthodontist painter paralegal paramedic pathologist
  pharmacist philosopher photographer physician physicist physiotherapist pianist pilot plasterer plumber podcaster
  poet policeman policewoman porter postman principal producer professor programmer psychiatrist psychologist
  publisher realtor receptionist recruiter reporter researcher roofer sailor salesman salesperson saleswoman scientist
  sculptor seamstress secretary server singer soldier solicitor sommelier statistician steward student supervisor
  surgeon surveyor tailor teacher technician therapist trader trainer translator tutor undertaker usher veterinarian
  vet videographer violinist waiter waitress welder writer zoologist`)

export const NATIONALITIES = words(`
  American Argentinian Australian Austrian Belgian Brazilian British Bulgarian Canadian Chilean Chinese Colombian
  Croatian Cuban Czech Danish Dutch Egyptian English Estonian Filipino Finnish French German Ghanaian Greek Hungarian
  Icelandic Indian Indonesian Iranian Iraqi Irish Israeli Italian Jamaican Japanese Jordanian Kenyan Korean Latvian
  Lebanese Lithuanian Malaysian Mexican Moroccan Nepalese Nigerian Norwegian Pakistani Peruvian Polish Portuguese
  Romanian Russian Scottish Serbian Slovak Slovenian Spanish Swedish Swiss Syrian Thai Tunisian Turkish Ukrainian
  Vietnamese Welsh`)

export const LANGUAGES = words(`
  Afrikaans Albanian Amharic Arabic Armenian Basque Bengali Bosnian Bulgarian Cantonese Catalan Chinese Croatian Czech
  Danish Dutch English Esperanto Estonian Farsi Finnish French Galician Georgian German Greek Gujarati Hebrew Hindi
  Hungarian Icelandic Indonesian Irish Italian Japanese Kannada Korean Latin Latvian Lithuanian Malay Malayalam Maltese
  Mandarin Marathi Nepali Norwegian Persian Polish Portuguese Punjabi Romanian Russian Serbian Slovak Slovenian Somali
  Spanish Swahili Swedish Tagalog Tamil Telugu Thai Turkish Ukrainian Urdu Vietnamese Welsh Yiddish Yoruba Zulu`)

/** What somebody is, for as long as it holds. */
export const STATES = words(`
  teetotal diabetic celiac coeliac asthmatic dyslexic colour-blind color-blind
  colourblind colorblind left-handed right-handed deaf blind autistic bilingual retired unemployed self-employed
  divorced widowed pregnant transgender gay bisexual lactose-intolerant gluten-intolerant Muslim Christian Jewish
  Catholic Buddhist Hindu atheist`)

export const CONDITIONS = words(
  `diabetes asthma epilepsy adhd arthritis anxiety depression dyslexia eczema hypertension insomnia migraines psoriasis`,
)

/** What "I have two …" is worth keeping of. */
export const OWNED = words(`
  dog dogs cat cats pup pups puppy puppies kitten kittens pet pets horse horses rabbit rabbits hamster hamsters parrot parrots
  turtle turtles snake snakes chicken chickens goat goats kid kids child children son sons daughter
  daughters brother brothers sister sisters sibling siblings twin twins grandchild grandchildren grandson granddaughter
  nephew nephews niece nieces cousin cousins roommate roommates housemate flatmate car cars bike bikes bicycle
  motorcycle motorbike scooter van truck boat house flat apartment cottage farm garden piano guitar violin drone
  laptop printer degree licence license passport`)

/** Of whom there is one: what is said of "my wife" now replaces what was said before. */
export const ONE_OF = words(`
  wife husband spouse partner fiancé fiancée fiance fiancee girlfriend boyfriend mother mom mum father dad boss
  landlord landlady company employer team`)

/** Of whom there may be more: nothing said of "my brother" ends anything. */
export const SOME_OF = words(`
  sister brother son daughter kid child baby friend cousin uncle aunt nephew niece grandmother grandma grandfather
  grandpa neighbour neighbor colleague coworker roommate flatmate housemate manager doctor dentist therapist teacher
  dog cat puppy kitten pet horse rabbit hamster parrot turtle stepfather stepmother stepson stepdaughter`)

/** Things one takes up, not places one moves to. */
export const SOFTWARE = words(`
  Airflow Angular Ansible AWS Azure Bazel Bitbucket Cassandra Claude ClickHouse Confluence CouchDB Datadog Django Docker
  Dropbox Elasticsearch Elixir Excel Express Fastify Figma Firebase Flask Flutter GCP Git GitHub GitLab Go Golang Grafana
  GraphQL Gmail Haskell Heroku Java JavaScript Jenkins Jira Kafka Kotlin Kubernetes Laravel LevelDB Linear Linux MariaDB
  Mattermost MongoDB MySQL NATS Netlify Next.js Node Node.js Notion Nomad Obsidian OpenTelemetry Oracle Outlook Pandas
  Perl PHP PostgreSQL Postgres Prometheus Python PyTorch RabbitMQ Rails React Redis Redux Ruby Rust Salesforce Scala
  Sentry SharePoint Slack Snowflake Spark SQLite Stripe Supabase Svelte Swift Teams TensorFlow Terraform Trello
  TypeScript Ubuntu Vercel Vite Vue WhatsApp Windows Zoom`)

/** Capitalised only because they begin a sentence, or names of no one. */
export const NO_NAMES = words(`
  A After All Also Although An And Another Any Anybody Anyone Anything As At Because Before Being Both But By Can Could
  Did Do Does Dude Each Either Else Even Every Everybody Everyone Everything Few For From God Good Great Had Has Have He
  Her Here Hers His How However I If In Is It Its Just Kids Last Less Let Life Like Lots Love Many May Maybe Me Mine More
  Most Much Music My Nature Neither Never New Next No Nobody None Nor Not Nothing Now Of On Once One Only Or Other Others
  Our Ours Out Over People Perhaps Plus She Should Since So Some Somebody Someone Something Sometimes Somewhere Sorry
  Still Such Sure Than Thanks That The Their Theirs Them Then There These They This Those Though Time Today Together
  Tomorrow Tonight Too Two Under Until Us Very Was We Well Were What Whatever When Where Whether Which While Who Whoever
  Whole Why Will With Without Would Yes Yesterday Yet You Your Yours Monday Tuesday Wednesday Thursday Friday Saturday
  Sunday January February March April June July August September October November December`)
