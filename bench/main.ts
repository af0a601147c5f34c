/**
 * `npm run bench`: Ottla against the wire limit, on a real Kafka. README.md tells how to read it.
 */
import { CASES } from './cases/all.js'
import { runBench } from './run-bench.js'

await runBench({ name: 'bench', cases: CASES, defaultCase: 'throughput' }, process.argv.slice(2))
