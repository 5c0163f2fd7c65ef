/**
 * Everyday classes of things and the words that belong to them: "pet" finds "puppy", "hobby" finds "camping". Data
 * for `words.ts` (a memory is indexed under the classes of its words) and `query.ts` (a question that names a class
 * asks for it). Written from general English; names of people, places and brands have no business here.
 */
import { porterStem } from './english.ts'
import { BASE_FORMS } from './word-forms.ts'

/** In each line: the words that name the class (the first is its own name), a colon, and what belongs to it. */
const CLASSES = `
family relative kin: mother father parent son daughter child kid brother sister sibling husband wife spouse grandma grandpa grandmother grandfather grandparent aunt uncle cousin nephew niece baby toddler twins fam in-law stepfather stepmother grandson granddaughter
parent: mother father mom dad
child: son daughter kid baby toddler boy girl teen
sibling: brother sister
partner relationship spouse: husband wife boyfriend girlfriend fiance fiancee gf bf spouse married dating engaged single divorced
pet animal: dog cat puppy pup kitten kitty doggo hamster rabbit bunny parrot bird fish turtle tortoise snake lizard horse pony guinea ferret goldfish canary hen chicken cow sheep goat pig duck goose
animal wildlife: bear deer fox wolf lion tiger elephant monkey dolphin whale shark squirrel owl eagle frog bee butterfly insect
dog: puppy pup doggo poodle labrador retriever shepherd terrier bulldog husky dachshund beagle corgi chihuahua collie spaniel mutt
cat: kitten kitty
sport athletic: football soccer basketball baseball tennis golf hockey volleyball rugby cricket swimming running cycling skiing snowboarding skating surfing boxing wrestling gymnastics badminton bowling climbing rowing sailing kayaking marathon race karate judo taekwondo
exercise workout fitness training: gym yoga pilates running jogging run jog weights lifting strength cardio treadmill aerobics zumba kickboxing swim hike boxing stretching crossfit
activity hobby pastime interest leisure: hiking camping swimming painting drawing reading cooking baking gardening knitting sewing fishing hunting dancing singing pottery photography biking running yoga chess gaming puzzle museum picnic bowling volunteering surfing skiing climbing crafts collecting birdwatching writing concert movie sport meditation
outdoor nature: hike camp trail mountain forest beach lake park picnic kayak fishing climb river garden tent campfire woods
art artistic creative: painting drawing sketch sculpture pottery ceramics watercolor acrylic canvas photography mural portrait collage gallery
craft: knitting crochet sewing embroidery quilting pottery woodworking origami jewelry
music musical: song album band concert guitar piano violin drum singer sing melody jazz rock classical pop hip-hop rap country blues playlist symphony orchestra choir festival
instrument: guitar piano violin drum flute clarinet saxophone trumpet cello ukulele keyboard harmonica bass harp
food meal dish eat cuisine: breakfast lunch dinner supper pizza pasta sushi salad soup sandwich burger steak chicken beef pork fish rice noodles bread cheese egg curry taco stew roast pie cake cookie dessert recipe cook vegetable fruit
meat: chicken beef pork lamb turkey bacon ham steak sausage
dessert sweet: cake cookie pie ice-cream chocolate brownie pudding pastry muffin cupcake donut candy tart
fruit: apple banana orange grape strawberry blueberry mango peach pear lemon cherry pineapple watermelon
vegetable: carrot potato tomato onion spinach broccoli lettuce pepper cucumber corn bean
drink beverage: coffee tea juice water wine beer soda milk smoothie cocktail whiskey latte
job career profession occupation work: teacher doctor nurse engineer lawyer banker accountant manager programmer developer designer chef waiter barista mechanic writer journalist artist actor scientist consultant salesman officer firefighter police counselor therapist internship intern promotion hired fired employee employer boss coworker colleague office company business
business company: startup shop store firm enterprise brand agency studio bakery cafe
education school study degree: college university class course lecture exam teacher professor student graduate diploma bachelor master phd thesis campus homework semester certificate major training workshop seminar
health medical illness condition: doctor hospital disease surgery injury hurt pain diagnosis diabetes asthma cancer flu fever allergy headache broken sprain therapy medication clinic heart blood checkup
emotion feeling mood: happy sad angry excited nervous anxious scared proud grateful upset lonely stressed calm joy fear frustrated worried relieved disappointed overwhelmed
stress destress relax unwind cope: calm meditation yoga therapy peaceful soothing relaxing therapeutic breathing massage
money finance financial: bank loan salary budget savings debt investment cost price pay income rent mortgage afford fund dollar
vehicle transport: car truck bus train plane bike motorcycle boat ship van scooter taxi
car: sedan suv truck convertible jeep
travel trip vacation holiday journey: flight abroad tour visit roadtrip cruise resort hotel passport beach getaway backpacking airport
home house residence live: apartment condo flat room kitchen moved move rent neighborhood landlord
place location: city town village country park beach restaurant cafe museum store mall
event celebration occasion: party wedding birthday concert festival parade conference fundraiser ceremony graduation anniversary tournament gala reunion fair exhibition show race auction
competition contest: tournament race championship match final trophy medal prize won winner
award achievement accomplishment recognition: trophy medal prize certificate won promotion champion title
holiday: christmas thanksgiving easter halloween hanukkah
book read literature: novel author series fiction fantasy mystery biography poem chapter library story
movie film watch: cinema director actor comedy drama thriller scene trilogy documentary
show series tv: episode season
game gaming: chess poker monopoly console puzzle cards board multiplayer rpg
clothes clothing outfit wear: shirt dress jacket pants jeans shoes sweater hat skirt hoodie boots coat scarf
jewelry accessory: necklace ring bracelet earrings watch pendant
device gadget electronics technology: phone laptop computer tablet camera headphones smartphone
plant flower: rose tulip sunflower lily orchid daisy tree succulent garden bouquet cactus
weather: rain snow sunny storm wind hot cold cloudy flood hurricane
furniture: chair table sofa couch bed desk shelf
subject science: math physics chemistry biology history economics psychology literature philosophy engineering
religion faith spiritual: church god prayer bible temple mosque worship christian jewish muslim buddhist hindu
politics political: government election vote policy senator mayor congress campaign liberal conservative democrat republican
charity volunteer community: shelter donate donation fundraiser homeless nonprofit food-bank soup-kitchen
help support: assist advice encourage mentor
problem challenge difficulty struggle: setback issue hard tough obstacle trouble
plan goal intention future: hope dream want aim intend upcoming going-to
gift present: gave bought surprise
friend: buddy pal bestie bff
color: red blue green yellow purple orange pink black white brown
symbol: represent reflect meaning stand
identity: gay lesbian transgender bisexual queer woman man nationality
language: english spanish french german italian chinese japanese korean portuguese russian
illness: sick flu cold fever
like favorite prefer enjoy: love favourite fan adore best
dislike hate: annoy avoid worst
motivate inspire reason: passion dream purpose
buy purchase: bought got ordered shopping
start launch open begin: opened launched founded
vacation: beach island resort
meet: met introduce
`

interface WordClass {
  readonly name: string
  readonly heads: readonly string[]
  readonly members: readonly string[]
}

const stemsOf = (words: string | undefined): string[] =>
  (words ?? '')
    .trim()
    .split(' ')
    .map(word => porterStem(BASE_FORMS.get(word) ?? word))

const ALL: readonly WordClass[] = CLASSES.trim()
  .split('\n')
  .map(line => {
    const [heads, members] = line.split(':')
    const stems = stemsOf(heads)
    return { name: stems[0] ?? '', heads: stems, members: [...stems, ...stemsOf(members)] }
  })

/** From the stem of a word to the classes it belongs to, and from the stem of a class's name to the class. */
export const CLASSES_OF: ReadonlyMap<string, readonly string[]> = namesBy(({ members }) => members)
export const CLASSES_NAMED: ReadonlyMap<string, readonly string[]> = namesBy(({ heads }) => heads)

function namesBy(stems: (each: WordClass) => readonly string[]): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>()
  for (const each of ALL)
    for (const stem of new Set(stems(each)))
      found.set(stem, [...new Set([...(found.get(stem) ?? []), each.name])])
  return found
}
