/** What the assistant of a provider of internet lines finds out, promises and explains. Templates of `generate.ts`. */
import type { Advice } from './dialogue.ts'

export const CUSTOMER_ADVICE: readonly Advice[] = [
  {
    name: 'channel',
    values: ['channel 3', 'channel 6', 'channel 11', 'channel 36', 'channel 48'],
    ask: ['The wireless is bad in the bedroom.', 'Wireless keeps dropping in the bedroom. What now?'],
    give: [
      'Please set the wireless to {v}; your neighbours crowd the others.',
      'In your street {v} is free, change to that one.',
    ],
    later: ['The bedroom is fine now.', 'I can watch films in bed again.'],
    question: [
      'Which wireless channel did you tell me to use?',
      'What channel did the assistant say is free for the wireless?',
    ],
  },
  {
    name: 'ticket',
    values: ['TK-40417', 'TK-51822', 'TK-60935', 'TK-77201', 'TK-81346'],
    ask: ['The line is dead since the storm.', 'No line after the storm, nothing at all.'],
    give: [
      'I have opened a fault report for the storm damage, number {v}.',
      'Your report about the storm has the number {v}.',
    ],
    later: [
      'The man came about the storm damage, very polite.',
      'After the storm it took three days, but it works.',
    ],
    question: [
      'What is the number of the fault report about the storm?',
      'Which ticket number did the assistant give for the storm damage?',
    ],
  },
  {
    name: 'refund',
    values: ['12.40 euros', '18.90 euros', '24.50 euros', '31.20 euros', '9.75 euros'],
    ask: ['You charged me twice in one month.', 'There is a double charge on my invoice.'],
    give: ['You are right about the double charge, I refund {v}.', 'For the double charge you get {v} back.'],
    later: ['The money for the double charge arrived.', 'My bank shows your refund.'],
    question: [
      'How much did you promise to refund for the double charge?',
      'What sum did the assistant refund?',
    ],
  },
  {
    name: 'reset',
    values: [
      'hold the button for 14 seconds',
      'pull the plug for two minutes',
      'enter 4499 on the keypad',
      'turn it upside down and press the pin',
      'open the page 10.0.0.9 and choose restore',
    ],
    ask: ['How do I reset the box without losing the settings?', 'The box is stuck. How do I reset it?'],
    give: ['To reset the box, {v}. Your settings stay.', 'Please {v}, that resets the box.'],
    later: ['The reset worked on the second attempt.', 'I did the reset again yesterday, no problem.'],
    question: [
      'How did you tell me to reset the box?',
      'What did the assistant say one must do for a reset?',
    ],
  },
  {
    name: 'visit',
    values: [
      'Tuesday the 9th',
      'Friday the 13th',
      'Monday the 22nd',
      'Thursday the 27th',
      'Wednesday the 4th',
    ],
    ask: [
      'When can somebody look at the socket in the wall?',
      'The socket in the wall is loose, can somebody come?',
    ],
    give: ['A technician can look at the socket on {v}.', 'I have booked {v} for the socket in the wall.'],
    later: ['The socket is firm now.', 'The technician fixed the socket in five minutes.'],
    question: [
      'For which day did you book the technician for the socket?',
      'When did the assistant say the technician comes about the socket?',
    ],
  },
  {
    name: 'app',
    values: ['LineCheck', 'SpeedPal', 'NetDoctor', 'Signal Map', 'HomeScope'],
    ask: ['How can I measure the speed myself?', 'Is there an app to measure the speed at home?'],
    give: [
      'You can measure it with our app {v}, in every room.',
      'Please install {v} and measure next to the box.',
    ],
    later: ['I measured in every room, the kitchen is worst.', 'The children measure the speed for fun now.'],
    question: [
      'Which app did you name for measuring the speed?',
      'What app did the assistant recommend to measure with?',
    ],
  },
  {
    name: 'notice',
    values: ['four weeks', 'one month', 'six weeks', 'three months', 'fourteen days'],
    ask: ['How long is the notice period of my contract?', 'If I wanted to leave, how long is the notice?'],
    give: ['The notice period of your contract is {v}.', 'You can leave with a notice of {v}.'],
    later: ['I am not leaving, I only wanted to know.', 'About the contract: I will think it over.'],
    question: ['What notice period did you tell me?', 'How long did the assistant say the notice period is?'],
  },
  {
    name: 'cable',
    values: ['a Cat 6 cable', 'a Cat 7 cable', 'a TAE cable', 'a fibre patch cord', 'a Cat 5e cable'],
    ask: [
      'Which cable do I need from the wall to the box?',
      'The cable to the box is too short. Which one do I buy?',
    ],
    give: [
      'From the wall to the box you need {v}, at most ten metres.',
      'Please buy {v} for that, any shop has it.',
    ],
    later: ['The longer cable runs behind the shelf now.', 'The cable was cheaper than I thought.'],
    question: [
      'Which cable did you tell me to buy?',
      'What cable did the assistant say is needed from the wall to the box?',
    ],
  },
  {
    name: 'light',
    values: [
      'no contact with the exchange',
      'an update under way',
      'a wrong password',
      'overheating',
      'a loose cable',
    ],
    ask: ['A red light blinks on the box. What does it mean?', 'What does the blinking red light mean?'],
    give: ['A blinking red light stands for {v}.', 'Red and blinking means {v}.'],
    later: ['The light is green again.', 'No red light for a week.'],
    question: [
      'What did you say the blinking red light means?',
      'According to the assistant, what does the red light stand for?',
    ],
  },
  {
    name: 'discount',
    values: ['SPRING15', 'LOYAL20', 'NEIGHBOUR10', 'THANKYOU5', 'COMEBACK25'],
    ask: [
      'I am a customer for ten years. Is there a discount?',
      'New customers pay less than I do. Is that fair?',
    ],
    give: [
      'For your loyalty there is a code: {v}.',
      'Please enter {v} at the next renewal, it lowers the price.',
    ],
    later: ['The discount is on the invoice, thank you.', 'I told a colleague about the discount.'],
    question: ['Which discount code did you give me?', 'What code did the assistant offer for loyalty?'],
  },
]
