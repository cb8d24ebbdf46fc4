// Assembles src/recall/vectors/dot.wat into src/recall/vectors/dot-module.ts: run it after every change of the text.
import { readFileSync, writeFileSync } from 'node:fs'
import openWabt from 'wabt'

const folder = new URL('../src/recall/vectors/', import.meta.url)

/** The bytes of the module that the text describes. */
export async function assembleKernel(): Promise<Uint8Array> {
  const wabt = await openWabt()
  const module = wabt.parseWat('dot.wat', readFileSync(new URL('dot.wat', folder), 'utf8'), { simd: true })
  try {
    module.validate()
    return module.toBinary({}).buffer
  } finally {
    module.destroy()
  }
}

if (import.meta.main) {
  const base64 = Buffer.from(await assembleKernel()).toString('base64')
  const lines = base64.match(/.{1,110}/g) ?? []
  const text = lines.map((line) => `  '${line}'`).join(' +\n')
  const head = '/** What scripts/assemble-kernel.ts made of dot.wat. Change that text, not this one. */'
  writeFileSync(new URL('dot-module.ts', folder), `${head}\nexport const dotModule =\n${text}\n`)
}
