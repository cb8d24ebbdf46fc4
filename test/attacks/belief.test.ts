// What a user stated holds whatever agents, tools, system actors and models try, until the user corrects it.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { attacks } from './belief-attacks.ts'
import { openBelief } from './belief-scene.ts'

describe('the fact of a user', () => {
  it.each(attacks)('stands against %s', async (_, { model, attack }) => {
    const { scene, holds, canBeCorrected } = await openBelief(model)
    await attack(scene)
    await holds()
    await canBeCorrected()
  })
})

it('is attacked as the page on attacks says, row by row', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/red-team.md'), 'utf8')
  const rows = [...page.matchAll(/^\| (.+?) +\|/gm)]
    .map(([, name]) => name)
    .filter((name) => name !== 'attack' && !name?.startsWith('--'))
  expect(rows).toEqual(attacks.map(([name]) => name))
  expect(rows.length).toBeGreaterThanOrEqual(30)
})
