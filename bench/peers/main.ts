/**
 * `npm run bench:peers`: the same cases with the other producers beside Ottla, each in a process of
 * its own. The peers are installed first; ../README.md tells how to add one.
 */
import { CASES } from '../cases/all.js'
import { runBench } from '../run-bench.js'
import { installPeers, type Installed } from './install.js'
import { PEERS, withPeers } from './registry.js'

let installed: Installed = { peers: [], newerNode: '' }

await runBench(
  {
    name: 'bench:peers',
    cases: CASES.filter(({ groups }) => groups.some(({ takesPeers }) => takesPeers)),
    defaultCase: 'throughput',
    prepare: async (log) => {
      installed = await installPeers(PEERS, log)
    },
    extend: (group) => withPeers(group, installed.peers, installed.newerNode),
  },
  process.argv.slice(2),
)
