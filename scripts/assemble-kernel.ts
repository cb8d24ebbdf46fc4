// Assembles the texts of WebAssembly kernels into modules of base64: run it after every change of a text.
import { readFileSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import openWabt from 'wabt'

const sources = new URL('../src/', import.meta.url)

/** The text of each kernel, and the constant that holds its bytes; the module stands next to the text. */
const kernels = [
  { text: 'recall/vectors/dot.wat', constant: 'dotModule' },
  { text: 'derive/minilm/linear.wat', constant: 'linearModule' },
] as const

/** The bytes of the module that a text describes. */
export async function assembleKernel(text: (typeof kernels)[number]['text']): Promise<Uint8Array> {
  const wabt = await openWabt()
  const module = wabt.parseWat(basename(text), readFileSync(new URL(text, sources), 'utf8'), { simd: true })
  try {
    module.validate()
    return module.toBinary({}).buffer
  } finally {
    module.destroy()
  }
}

if (import.meta.main) {
  for (const { text, constant } of kernels) {
    const base64 = Buffer.from(await assembleKernel(text)).toString('base64')
    const lines = base64.match(/.{1,110}/g) ?? []
    const body = lines.map((line) => `  '${line}'`).join(' +\n')
    const head = `/** What scripts/assemble-kernel.ts made of ${basename(text)}. Change that text, not this one. */`
    const file = new URL(text.replace(/\.wat$/, '-module.ts'), sources)
    writeFileSync(file, `${head}\nexport const ${constant} =\n${body}\n`)
  }
}
