/**
 * `npm run test:peers`: installs the packed library beside the lowest and the newest versions of its required peers, `ai`
 * and `zod`, and there type-checks and runs a user's program with one copy of each. Then leaves the peers out: the error
 * must say how to install them.
 *
 *   --lowest   the lowest versions only, as CI does: a new release of a peer must not fail it
 */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import manifest from '../package.json' with { type: 'json' }
import { peerInstallLine } from '../src/domain/peer-packages.ts'
import { compiler, install, nodeTypes, pack, root } from './pack.ts'
import { run } from './run.ts'

const peers = ['ai', 'zod'] as const
type Peer = (typeof peers)[number]
type Versions = Readonly<Record<Peer, string>>

const { values: options } = parseArgs({ options: { lowest: { type: 'boolean', default: false } } })
const folder = mkdtempSync(join(tmpdir(), 'aquifer-peers-'))

function lowestOf(peer: Peer): string {
  const [, version] = /^\^(\d+\.\d+\.\d+)$/.exec(manifest.peerDependencies[peer]) ?? []
  if (version === undefined) throw new Error(`The range of ${peer} does not begin with a version.`)
  return version
}

function newestOf(peer: Peer): string {
  const range = `${peer}@${manifest.peerDependencies[peer]}`
  const answer: unknown = JSON.parse(run('npm', ['view', range, 'version', '--json'], { cwd: folder }))
  const newest = [answer]
    .flat()
    .filter((version) => typeof version === 'string')
    .toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }))
    .at(-1)
  if (newest === undefined) throw new Error(`There is no ${range}.`)
  return newest
}

/** The pairs to test, each once: the range may have only one version yet. */
function pairs(): Versions[] {
  const lowest = { ai: lowestOf('ai'), zod: lowestOf('zod') }
  if (options.lowest) return [lowest]
  const newest = { ai: newestOf('ai'), zod: newestOf('zod') }
  const all = [lowest, { ...lowest, ai: newest.ai }, { ...lowest, zod: newest.zod }, newest]
  return [...new Map(all.map((pair) => [JSON.stringify(pair), pair])).values()]
}

interface Tree {
  readonly dependencies?: Readonly<Record<string, Tree & { readonly version?: string }>>
}

/** Every version of a package in a tree of `npm ls`. */
function versionsIn({ dependencies = {} }: Tree, name: string): string[] {
  return Object.entries(dependencies).flatMap(([key, tree]) => [
    ...(key === name && tree.version !== undefined ? [tree.version] : []),
    ...versionsIn(tree, name),
  ])
}

function application(name: string): string {
  const home = join(folder, name)
  mkdirSync(home)
  writeFileSync(join(home, 'package.json'), '{ "private": true, "type": "module" }\n')
  return home
}

function checkBeside(tarball: string, versions: Versions): void {
  const home = application(`ai-${versions.ai}-zod-${versions.zod}`)
  // The user's own come first, as in an application that exists already.
  install(home, ...peers.map((peer) => `${peer}@${versions[peer]}`))
  install(home, tarball)
  const tree = JSON.parse(run('npm', ['ls', ...peers, '--all', '--json'], { cwd: home })) as Tree
  for (const peer of peers) {
    const found = [...new Set(versionsIn(tree, peer))]
    if (found.join() !== versions[peer]) throw new Error(`${peer}: wanted ${versions[peer]} alone, found ${found}`)
  }
  copyFileSync(join(root, 'scripts/peers-program.ts'), join(home, 'program.ts'))
  const compilerOptions = {
    ...{ strict: true, exactOptionalPropertyTypes: true, noEmit: true, skipLibCheck: true, target: 'es2024' },
    ...{ module: 'nodenext', lib: ['es2024', 'esnext.disposable'], ...nodeTypes },
  }
  writeFileSync(join(home, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['program.ts'] }))
  run(process.execPath, [compiler, '-p', '.'], { cwd: home })
  const printed = run(process.execPath, ['program.ts'], { cwd: home }).trim()
  if (printed !== 'ok') throw new Error(`The program printed ${printed}`)
}

/** As npm's `--legacy-peer-deps`, and package managers that do not install peers, leave it. */
function checkWithout(tarball: string): void {
  const home = application('without-peers')
  install(home, '--legacy-peer-deps', tarball)
  const program = `
    import { Agent, Memory } from 'aquifer'
    import { scriptedModel } from 'aquifer/testing'
    const memory = new Memory({ storage: ':memory:', embedder: false })
    const agents = [scriptedModel({ answer: () => 'hello' }), 'openai/gpt-5'].map((model) => new Agent({ name: 'a', model }))
    const calls = [
      () => memory.team('acme').write('lead', 'Acme'),
      ...agents.flatMap((agent) => [() => agent.generate('hello'), () => agent.stream('hello').then(({ text }) => text)]),
    ]
    for (const call of calls) {
      const error = await call().then(() => null, (error) => error)
      const isRight = error?.code === 'unsupported' && error.fix.includes('${peerInstallLine}')
      console.log(isRight ? 'ok' : String(error))
    }`
  writeFileSync(join(home, 'program.mjs'), program)
  const printed = run(process.execPath, ['program.mjs'], { cwd: home }).trim().split('\n')
  if (printed.join() !== Array(5).fill('ok').join()) throw new Error(`Without peers:\n${printed.join('\n')}`)
}

try {
  console.log('peers check')
  const { tarball } = pack(folder)
  for (const versions of pairs()) {
    checkBeside(tarball, versions)
    console.log(`  ai ${versions.ai}, zod ${versions.zod}: one copy of each, types fit, the program runs`)
  }
  checkWithout(tarball)
  console.log(`  without them: the error says "${peerInstallLine}"`)
} catch (error) {
  console.error(`  problem: ${error instanceof Error ? error.message : error}`)
  process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
