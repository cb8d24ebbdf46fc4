// The check of the published declarations finds what no sentence documents, and a way to an internal type.
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'
import { checkDeclarations } from '../../scripts/check-public-members.ts'
import { temporaryFolder } from '../memory/opened.ts'

const typeRoots = join(import.meta.dirname, '../../node_modules/@types')

/** Checks a package of these declaration files, whose entry is `index.d.ts`. */
function check(files: Readonly<Record<string, string>>) {
  const dist = join(temporaryFolder(), 'dist')
  for (const [name, text] of Object.entries({ 'package.json': '{ "type": "module" }', ...files })) {
    mkdirSync(dirname(join(dist, name)), { recursive: true })
    writeFileSync(join(dist, name), text)
  }
  return checkDeclarations({ '.': join(dist, 'index.d.ts') }, dist, typeRoots)
}

const door = `export declare class Door { submit(): void }\nexport interface Core { readonly storage: string }`

it('lists the public members of each exported class, and those that no sentence says', () => {
  const { members, problems } = check({
    'index.d.ts': `
      import { Base } from './base.js'
      export type { Typed } from './base.js'
      /** A space. */
      export declare class Space extends Base {
        #private
        private hidden
        protected inner(): void
        private constructor()
        /** Its id. */
        readonly id: string
        /** @throws Error always. */
        commit(): void
        /** What it counts. */
        get count(): number
        bare: string
        /** Ends it. */
        [Symbol.asyncDispose](): Promise<void>
        static of(): Space
      }
      /** Open to all. */
      export declare class Open { constructor() }
      declare class Unseen { bare: string }`,
    'base.d.ts': `
      export declare class Base { inherited(): void }
      /** Known by its type alone. */
      export declare class Typed {
        /** Yes. */
        yes: string
      }`,
  })
  expect(members).toEqual({
    '. Typed': ['yes'],
    '. Space': ['id', 'commit', 'count', 'bare', '[Symbol.asyncDispose]', 'inherited', 'of'],
    '. Open': ['constructor'],
  })
  expect(problems).toEqual([
    '. Space.commit has no TSDoc',
    '. Space.bare has no TSDoc',
    '. Space.inherited has no TSDoc',
    '. Space.of has no TSDoc',
    '. Open.constructor has no TSDoc',
  ])
})

it('finds exported declarations and fields that no sentence says, and counts both', () => {
  const { counts, problems } = check({
    'index.d.ts': `
      import type { Base } from './base.js'
      export { said as told } from './base.js'
      /** @returns A tag alone says nothing. */
      export declare function open(): void
      export declare const limit: number
      export type Mode = 'one' | 'two'
      /** Two forms, told apart by what they have. */
      export type Answer = { readonly value: string } | { readonly reason: string }
      /** Options of a call. */
      export interface Options extends Base {
        readonly threadId: string
        /** Milliseconds. */
        readonly waitMs?: number
        readonly retries: number
        run(): void
      }
      /** The same, all of it optional. */
      export type Some = Partial<Options>
      export interface Bare { readonly id: string }
      interface Inner { readonly bare: string }`,
    'base.d.ts': `
      export interface Base extends Error { readonly depth: number }
      /** Said. */
      export declare const said: string`,
  })
  expect(counts).toEqual({ declarations: 8, fields: 11 })
  expect(problems.toSorted()).toEqual([
    '. Bare has no TSDoc',
    '. Mode has no TSDoc',
    '. Options.depth has no TSDoc',
    '. Options.retries has no TSDoc',
    '. Options.run has no TSDoc',
    '. Some.depth has no TSDoc',
    '. Some.retries has no TSDoc',
    '. Some.run has no TSDoc',
    '. limit has no TSDoc',
    '. open has no TSDoc',
  ])
})

const ways: readonly (readonly [string, string])[] = [
  ['a member', `import type { Core } from './memory/door/core.js'; export interface Space { readonly core: Core }`],
  ['an argument', `import { Door } from './memory/door/core.js'; export declare function open(door?: Door): void`],
  ['an inferred type', `export declare const space: { door: import('./memory/door/core.js').Door }`],
  ['a base class', `import { Door } from './memory/door/core.js'; export declare class Space extends Door {}`],
  ['an export', `export type { Core } from './memory/door/core.js'`],
  ['another name', `import type { Core as Inner } from './memory/door/core.js'; export type Own = readonly Inner[]`],
  ['a type that is not exported', `import type { Held } from './held.js'; export type Own = Held['own']`],
  ['a constructor', `import { Door } from './memory/door/core.js'; export declare class S { constructor(d: Door) }`],
]

it.each(ways)('finds an internal type by way of %s', (_, text) => {
  const held = `import type { Core } from './memory/door/core.js'\nexport interface Held { own: Map<string, Core> }`
  const { problems } = check({ 'index.d.ts': text, 'held.d.ts': held, 'memory/door/core.d.ts': door })
  expect(problems.filter((problem) => problem.endsWith('is declared in memory/door/core.d.ts'))).not.toEqual([])
})

it('leaves internal types alone that no export leads to', () => {
  const { problems } = check({
    'index.d.ts': `export { Space } from './space.js'`,
    'space.d.ts': `
      import type { Core, Door } from './memory/door/core.js'
      export declare let doorOf: (space: Space) => Door
      /** A space. */
      export declare class Space {
        #private
        private constructor()
        /** Its name. */
        readonly name: string
      }
      export declare function resourceSpace(core: Core): Space`,
    'memory/door/core.d.ts': door,
  })
  expect(problems).toEqual([])
})
