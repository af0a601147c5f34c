/**
 * Subject: Ottla with transactions, from the sources beside this bench, through its public door.
 */
import { OttlaTransactionalClient } from '../support/ottla-transactions.js'
import { runSubject } from '../support/subject.js'
import { runTransactions } from '../support/transaction-workload.js'

runSubject(async (task) => runTransactions(task, new OttlaTransactionalClient(task)))
