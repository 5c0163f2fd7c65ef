/**
 * English words whose forms no stemmer brings together: irregular verbs and plurals, small numbers, short forms
 * and a few exact synonyms. Data for `words.ts`, used at writing and at asking alike: a change of a line here changes
 * what stands in an index.
 */

/** In each line the word all others are read as comes first. */
const FORMS = `
go goes went gone
buy bought
see saw seen
take took taken
get got gotten
make made
give gave given
find found
think thought
teach taught
bring brought
meet met
win won
write wrote written
run ran
begin began begun
speak spoke spoken
tell told
feel felt
leave left
lose lost
keep kept
hold held
hear heard
sing sang sung
swim swam swum
drive drove driven
ride rode ridden
draw drew drawn
build built
grow grew grown
know knew known
fly flew flown
choose chose chosen
eat ate eaten
drink drank drunk
fall fell fallen
break broke broken
wear wore worn
send sent
spend spent
sell sold
sit sat
stand stood
understand understood
come came
become became
catch caught
fight fought
sleep slept
show shown
throw threw thrown
wake woke woken
forget forgot forgotten
learn learnt
mean meant
pay paid
lead led
lend lent
deal dealt
shake shook shaken
shoot shot
hide hid hidden
bite bit bitten
blow blew blown
freeze froze frozen
hang hung
lay laid
lie lain
rise rose risen
seek sought
sew sewn
sink sank sunk
steal stole stolen
stick stuck
strike struck
sweep swept
swing swung
tear tore torn
weave wove woven
child children kid kids
man men
woman women
person people
foot feet
tooth teeth
mouse mice
wife wives
knife knives
one 1 first
two 2 second
three 3 third
four 4 fourth
five 5 fifth
six 6 sixth
seven 7 seventh
eight 8 eighth
nine 9 ninth
ten 10 tenth
mother mom mum mommy moms mums
father dad daddy dads
photo photograph photographs pic pics picture pictures
television tv
film films movie movies
bicycle bike bikes
computer pc
`

/** From each form to the word it is read as. */
export const BASE_FORMS: ReadonlyMap<string, string> = new Map(
  FORMS.trim()
    .split('\n')
    .flatMap(line => {
      const [base = '', ...forms] = line.split(' ')
      return forms.map((form): [string, string] => [form, base])
    }),
)
