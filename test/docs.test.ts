/** Every TypeScript block of README and the guide is type-checked and run as it stands. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { compile, runNode } from './processes.ts'

const root = resolve(import.meta.dirname, '..')
// Inside the package, so that `import … from 'aquifer'` finds it by its own name.
const folder = join(root, '.docs-check')

interface Block {
  readonly name: string
  readonly file: string
  readonly code: string
}

function blocksOf(path: string): Block[] {
  const text = readFileSync(join(root, path), 'utf8')
  const label = path.replace(/[^a-z0-9]+/gi, '-')
  return [...text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map((match, index) => ({
    name: `${path}, block ${index + 1}`,
    file: join(folder, `${label}-${index + 1}.ts`),
    code: match[1] ?? '',
  }))
}

const guides = readdirSync(join(root, 'docs/guide')).map((name) => `docs/guide/${name}`)
const blocks = ['README.md', ...guides].flatMap(blocksOf)

async function expectToRun(file: string): Promise<void> {
  const cwd = mkdtempSync(join(tmpdir(), 'aquifer-docs-'))
  try {
    const { stdout, stderr } = await runNode(['--conditions=aquifer-source', file], { cwd })
    expect(stderr).toBe('')
    expect(stdout).not.toBe('')
  } finally {
    rmSync(cwd, { recursive: true, force: true })
  }
}

beforeAll(() => {
  mkdirSync(folder, { recursive: true })
  for (const { file, code } of blocks) writeFileSync(file, code)
  const settings = { extends: '../tsconfig.json', compilerOptions: { noUnusedLocals: false }, include: ['*.ts'] }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(settings))
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('documentation', () => {
  it('has examples', () => expect(blocks.length).toBeGreaterThanOrEqual(5))

  it('type-checks every example', async () => {
    const result = await compile(['--noEmit', '-p', folder]).catch((error) => error)
    expect(result.stdout).toBe('')
  })

  it.each(blocks)('runs $name', ({ file }) => expectToRun(file))

  it("runs README's first program as JavaScript, without syntax that the oldest supported Node lacks", async () => {
    const [{ code, file } = { code: '', file: '' }] = blocks
    expect(file).toContain('README')
    expect(code).not.toMatch(/\busing \w/)
    const plain = file.replace(/\.ts$/, '.mjs')
    writeFileSync(plain, code)
    await expectToRun(plain)
  })
})
