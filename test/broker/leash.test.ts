/**
 * How: a child process takes a third one on its leash and is killed in the rudest way. What is then
 * left is seen from here.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Leash } from './leash.js'
import { waitUntil } from './wait.js'

const CHILD = `
  import { spawn } from 'node:child_process'
  const { Leash } = await import(process.argv[1])
  const leash = new Leash(['touch', process.argv[2]])
  const held = spawn('sleep', ['600'], { stdio: ['ignore', 'inherit', 'ignore'], detached: true })
  const released = spawn('sleep', ['600'], { stdio: 'ignore', detached: true })
  leash.hold(released.pid)
  leash.hold(held.pid)
  leash.release(released.pid)
  console.log(held.pid + ' ' + released.pid)
  setInterval(() => {}, 1000)
`

t.test('takes what it holds along when its process is killed', async (t) => {
  const cleaned = join(t.testdir(), 'cleaned')
  const module = new URL('./leash.js', import.meta.url).href
  const args = ['--input-type=module', '-e', CHILD, module, cleaned]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  const [held = 0, released = 0] = line.toString().split(' ').map(Number)
  t.teardown(() => process.kill(released))

  // Our pipe ends when the last process that writes to it has ended; a pid would still be there
  // until its new parent asks for it.
  const ended = once(child.stdout.resume(), 'end')
  t.ok(isAlive(held))
  child.kill('SIGKILL')
  await ended
  await waitUntil(async () => existsSync(cleaned), { what: 'the cleanup', timeoutMs: 10_000 })
  t.ok(isAlive(released), 'what was released goes on')
})

t.test('cleans up when it lets go, however often', async (t) => {
  const cleaned = join(t.testdir(), 'cleaned')
  const leash = new Leash(['touch', cleaned])
  t.notOk(existsSync(cleaned))
  await Promise.all([leash.letGo(), leash.letGo()])
  await leash.letGo()
  t.ok(existsSync(cleaned))
})

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
