import { readdirSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { cachedFolder } from './cache.js'

t.beforeEach((t) => {
  t.context.root = process.env['OTTLA_CACHE'] = t.testdir()
})

t.test('a folder is filled once', async (t) => {
  let fills = 0
  const fill = async (folder: string): Promise<void> => {
    await writeFile(join(folder, 'content'), String(++fills))
  }
  const folder = await cachedFolder('jars', fill)
  t.equal(await cachedFolder('jars', fill), folder)
  t.equal(readFileSync(join(folder, 'content'), 'utf8'), '1')
  t.equal(fills, 1)
})

t.test('a filling that fails leaves nothing, and the next one starts afresh', async (t) => {
  const fail = async (folder: string): Promise<void> => {
    await writeFile(join(folder, 'half'), '')
    throw new Error('the network is gone')
  }
  await t.rejects(cachedFolder('jars', fail), /the network is gone/)
  t.strictSame(readdirSync(t.context.root), [])
  await cachedFolder('jars', async () => {})
  t.strictSame(readdirSync(join(t.context.root, 'jars')), [])
})

t.test('of two that fill at once, both get the one whole folder', async (t) => {
  let arrive = (): void => {}
  const bothInside = new Promise<void>((resolve) => {
    let inside = 0
    arrive = () => {
      if (++inside === 2) resolve()
    }
  })
  const fill = async (folder: string): Promise<void> => {
    await writeFile(join(folder, 'content'), '')
    arrive()
    await bothInside
  }
  const folders = await Promise.all([cachedFolder('jars', fill), cachedFolder('jars', fill)])
  t.equal(folders[0], folders[1])
  t.strictSame(readdirSync(t.context.root), ['jars'])
  t.strictSame(readdirSync(folders[0]), ['content'])
})
