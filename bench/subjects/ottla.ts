/**
 * Subject: Ottla itself, from the sources beside this bench, through its public door.
 */
import { OttlaClient } from '../support/ottla-client.js'
import { runSubject } from '../support/subject.js'
import { runWorkload } from '../support/workload.js'

runSubject((task) => runWorkload(task, new OttlaClient(task)))
