/** What a new space starts with: its key and its settings. */
import { randomBytes } from 'node:crypto'
import type { SpaceKey } from '../domain/id.ts'
import type { Language } from '../domain/language.ts'
import type { Limits } from '../domain/limits.ts'
import { type SpaceSettings, settingNames } from '../domain/space.ts'

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** A random key for a new space: 12 letters and digits, about 71 bits. */
export function newSpaceKey(): SpaceKey {
  let key = ''
  while (key.length < 12) {
    for (const byte of randomBytes(16)) if (byte < 248 && key.length < 12) key += alphabet[byte % 62]
  }
  return key as SpaceKey
}

/** The settings a new space starts with: the limits of the memory that creates it, and the storage's language. */
export function settingsFrom(limits: Limits, language: Language): SpaceSettings {
  const own = Object.fromEntries(settingNames.map((name) => [name, limits[name]]))
  return { ...(own as Pick<Limits, (typeof settingNames)[number]>), language }
}
