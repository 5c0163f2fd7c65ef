/** What the assistant suggests in daily life. Templates of `generate.ts`. */
import type { Advice } from './dialogue.ts'

export const LIFE_ADVICE: readonly Advice[] = [
  {
    name: 'restaurant',
    values: ['Casa Lume', 'The Copper Spoon', 'Miso & Salt', 'Zum Anker', 'La Vecchia'],
    ask: [
      'We want somewhere nice for an anniversary dinner. Any idea?',
      'Where could we go for the anniversary dinner?',
    ],
    give: [
      'For an anniversary I would book {v}: quiet tables and a short menu.',
      'How about {v}? It has candles and nobody hurries you.',
    ],
    later: [
      'The anniversary dinner was a success, we stayed until midnight.',
      'Still talking about that anniversary dinner!',
    ],
    question: [
      'Which restaurant did you suggest for the anniversary dinner?',
      'What was the name of the restaurant the assistant recommended for the anniversary?',
    ],
  },
  {
    name: 'novel',
    values: [
      'The Salt Road',
      'A Winter in Amber',
      'The Glass Orchard',
      'Nine Ferries',
      'The Cartographer of Rain',
    ],
    ask: ['I need a novel for a long flight.', 'What should I read on the plane? Something with a plot.'],
    give: [
      'Take {v}. It starts slowly and then you miss the meal service.',
      '{v} would be my pick for a long flight.',
    ],
    later: [
      'Finished the novel on the flight back and cried a bit.',
      'The novel for the flight was just right.',
    ],
    question: [
      'Which novel did you recommend for the flight?',
      'What book did the assistant suggest reading on the plane?',
    ],
  },
  {
    name: 'stain',
    values: ['white vinegar', 'baking soda', 'glycerine', 'lemon juice', 'cold milk'],
    ask: ['Red wine on the carpet. Help!', 'How do I get red wine out of a carpet?'],
    give: [
      'Dab it with {v}, wait ten minutes and rinse with cold water.',
      'Quickly: put {v} on it, do not rub.',
    ],
    later: ['The carpet looks as if the wine had never happened.', 'You saved my carpet the other day.'],
    question: [
      'What did you tell me to use on the wine stain?',
      'Which remedy did the assistant suggest against red wine on the carpet?',
    ],
  },
  {
    name: 'hike',
    values: [
      'the Heron Loop',
      'the Chapel Ridge trail',
      'the Old Miners Path',
      'the Lakeside Round',
      'the Fern Valley walk',
    ],
    ask: ['We have one free day and good shoes. Which walk?', 'Which hike would you do with beginners?'],
    give: [
      'With beginners I would take {v}, eleven kilometres and a hut halfway.',
      'Try {v}: shade, little climbing and a bus at the end.',
    ],
    later: ['Our legs still hurt from the hike.', 'The hike with the beginners went well, nobody cried.'],
    question: [
      'Which hike did you suggest for beginners?',
      'What walk did the assistant recommend for the free day?',
    ],
  },
  {
    name: 'gift',
    values: ['a pottery course', 'a star map', 'a bird feeder', 'a fountain pen', 'a pasta machine'],
    ask: [
      'My father turns seventy. What do I give a man who has everything?',
      'I have no idea what to give my father for his seventieth.',
    ],
    give: [
      'For a seventieth birthday: {v}. He can use it with his grandchildren.',
      'I would give him {v}, together with a letter.',
    ],
    later: ['My father loved the present, by the way.', 'The seventieth was a lovely party.'],
    question: [
      'What gift did you suggest for the seventieth birthday?',
      'What did the assistant propose as a present for my father?',
    ],
  },
  {
    name: 'plant',
    values: ['a snake plant', 'a cast-iron plant', 'a pothos', 'a peace lily', 'a spider plant'],
    ask: ['Which plant survives a dark hallway?', 'Our hallway has no window. Is there a plant for that?'],
    give: [
      'For a dark hallway, {v}. Water it twice a month.',
      'Take {v}, it forgives nearly everything, also darkness.',
    ],
    later: ['The plant in the hallway has a new leaf!', 'I watered the hallway plant too much, I think.'],
    question: [
      'Which plant did you suggest for the dark hallway?',
      'What did the assistant recommend to put into the hallway?',
    ],
  },
  {
    name: 'sleep',
    values: ['4-7-8 breathing', 'a weighted blanket', 'a warm foot bath', 'magnesium', 'reading on paper'],
    ask: ['I cannot fall asleep lately. What helps?', 'What can I do to fall asleep faster?'],
    give: [
      'Many people fall asleep faster with {v}. Try it for a week.',
      'I would begin with {v}, and no screens in bed.',
    ],
    later: ['I slept like a stone yesterday.', 'Falling asleep is easier now, thank you.'],
    question: [
      'What did you advise against my trouble falling asleep?',
      'What method did the assistant suggest for falling asleep?',
    ],
  },
  {
    name: 'museum',
    values: [
      'the Clock Museum',
      'the Museum of Glass',
      'the Tram Museum',
      'the Puppet Museum',
      'the Salt Museum',
    ],
    ask: [
      'It rains and I have two children here. Where to?',
      'What can we do with children when it rains all day?',
    ],
    give: [
      'On a rainy day with children: {v}. They may touch things there.',
      'Go to {v}, the children can press every button.',
    ],
    later: ['The children want to go to that museum again.', 'It rained again, but we had a plan this time.'],
    question: [
      'Which museum did you suggest for the rainy day?',
      'Where did the assistant send us with the children in the rain?',
    ],
  },
  {
    name: 'marinade',
    values: [
      'miso and honey',
      'yoghurt and mint',
      'lime and cumin',
      'soy sauce and ginger',
      'mustard and thyme',
    ],
    ask: [
      'What marinade goes with tofu on the grill?',
      'I want to grill tofu and it should taste of something.',
    ],
    give: [
      'For tofu on the grill I would use {v}, two hours at least.',
      'Marinate the tofu in {v} overnight.',
    ],
    later: ['Everybody wanted the recipe of the tofu.', 'Even the sceptics ate the grilled tofu.'],
    question: [
      'Which marinade did you recommend for the tofu?',
      'What did the assistant say to marinate the tofu in?',
    ],
  },
  {
    name: 'visa',
    values: ['six working days', 'three weeks', 'ten days', 'five weeks'],
    ask: ['How long does the visa for the wedding trip take?', 'Can you find out how long that visa takes?'],
    give: [
      'The consulate says the visa takes {v} once the papers are complete.',
      'Plan {v} for the visa, according to the consulate.',
    ],
    later: ['The papers for the visa are in the post.', 'I have the photos for the visa now, awful ones.'],
    question: [
      'How long did you say the visa takes?',
      'What did the assistant find out about how long the visa takes?',
    ],
  },
  {
    name: 'repair',
    values: ['the capacitor', 'the drain filter', 'the door seal', 'the heating element', 'the inlet valve'],
    ask: [
      'The washing machine stops in the middle. What could it be?',
      'My washing machine has a mind of its own, it stops halfway.',
    ],
    give: [
      'When it stops halfway it is mostly {v}. Pull the plug before you look.',
      'I would check {v} first, with the plug pulled.',
    ],
    later: ['The washing machine runs again.', 'The laundry is done, the machine behaved.'],
    question: [
      'Which part of the washing machine did you tell me to check?',
      'What did the assistant think was wrong with the washing machine?',
    ],
  },
]
