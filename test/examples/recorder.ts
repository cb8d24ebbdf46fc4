// Loaded before an example: when that has come to its end, writes down what its models were asked.
import { writeFileSync } from 'node:fs'
import { asked } from '../../examples/openai.ts'

process.once('exit', () => writeFileSync('asked.json', JSON.stringify(asked.map(({ transcript }) => transcript))))
