/** Tables of a front-end database. */
import type { table as zhTable } from '../zh-CN/table'

export const table: typeof zhTable = {
  table: 'Table',
  tableHint: 'As exchange.up_pro_accept',
  key: 'Columns that name a row',
  keyHint: 'Empty for the primary key',
  rows: 'Rows of a batch',
  polling: 'Increment',
  kind: { all: 'Everything', flag: 'Flag', time: 'Time', batch: 'Batch' },
  hint: {
    all: 'The whole table each time; rows that did not change are not written again. A read-only user is enough.',
    flag: 'Only rows whose flag says that they wait; the provider keeps the flag. A read-only user is enough.',
    time: 'Only rows written since the last run, looking back a little for late ones. A read-only user is enough.',
    batch: 'From the last batch read onwards; batches must grow. A read-only user is enough.',
  },
  column: 'Column',
  pending: 'Values of rows that wait',
  overlap: 'Look back (seconds)',
  receipts: 'Receipts',
  look: 'Look into the database',
  looking: 'Looking into the database…',
  saveFirst: 'Once the connection is saved, tables and columns can be chosen from the database.',
  found: '{tables} tables can be read',
  foundColumns: '{columns} columns in this one',
  rowsAbout: 'about {rows} rows',
  noSuch: 'The table has no such column',
  list: { name: 'Column', kind: 'Type', comment: 'Comment', may: 'Leave' },
  primary: 'key',
  may: { read: 'read', write: 'change', none: 'none' },
  receiptsHint:
    'Written back once a row is kept here: accepted, or rejected with the reason (rules and fields, no values). Columns that the table lacks are left out. Needs leave to update.',
  receipt: {
    accepted: 'Flag of an accepted row',
    rejected: 'Flag of a rejected row',
    reason_column: 'Column for the reason',
    time_column: 'Column for the moment',
  },
}
