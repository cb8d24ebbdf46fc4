// Names that people give themselves.
import { expect, it } from 'vitest'
import { namingOf } from '../../../src/domain/index/naming.ts'

it.each([
  ['Hi, my name is Ann.', 'given Ann'],
  ['My name’s Ann-Marie and I paint', 'given Ann-Marie'],
  ['You can call me Bob', 'given Bob'],
  ['Everybody knows me, but please call me Jean Luc!', 'given Jean Luc'],
  ['Ich heiße Jürgen', 'given Jürgen'],
  ['Je m’appelle Zoé', 'given Zoé'],
  ['Hola, me llamo Íñigo', 'given Íñigo'],
  ["I'm Carla", 'introduced Carla'],
  ['Hello, I am Carla.', 'introduced Carla'],
  ['What is your name?', 'asked '],
  ['Wie heißt du?', 'asked '],
  ['¿Cómo te llamas?', 'asked '],
])('%s', (text, expected) => {
  const naming = namingOf(text)
  expect(`${naming?.kind} ${naming?.name}`).toBe(expected)
})

it.each([
  'Call me back tomorrow',
  'She said her name is Ann',
  'My name is on the list',
  "I'm happy",
  "I'm Carla’s sister, and this text is far too long to be an answer to anybody who asks for a name, since it goes on and on.",
  '',
])('none in: %s', (text) => expect(namingOf(text)).toBeNull())

it('does not take longer for a text that goes on', () => {
  expect(namingOf('my name is '.repeat(100_000))).toBeNull()
})
