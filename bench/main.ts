/**
 * `npm run bench`: Ottla against the wire limit, on a real Kafka. README.md tells how to read it.
 */
import { throughput } from './cases/throughput.js'
import { runBench } from './run-bench.js'

await runBench(
  { name: 'bench', cases: [throughput], defaultCase: 'throughput' },
  process.argv.slice(2),
)
