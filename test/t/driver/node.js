// node-postgres, the package "pg".

const { Client, types } = require('pg');

const [host, port, database, user] = process.argv.slice(2);
const columns = ['amount', 'charged', 'bucket', 'status', 'terms', 'amounts'];
const row = ['USD -1234.50', 'EUR 0.01', '31-60', 'partial', '30% due on receipt, 70% 2/10 net 60', ['EUR 1.00', null, 'USD -92233720368547758.08']];
const client = new Client({ host, port: Number(port), database, user });
const insert = (place, values) => client.query('INSERT INTO kept VALUES ($1, $2, $3, $4, $5, $6, $7, $8)', ['node', place, ...values]);
const select = async (place) => (await client.query(`SELECT ${columns} FROM kept WHERE driver = 'node' AND place = $1`, [place])).rows[0];
const one = async (query, values) => Object.values((await client.query(query, values)).rows[0])[0];
const show = (name, value) => console.log(`${name}=${Array.isArray(value) ? value.map(String).join('|') : value}`);

(async () => {
  await client.connect();
  await insert(1, row);
  await insert(2, columns.map(() => null));
  for (const [name, value] of Object.entries(await select(1))) show(name, value);
  show('nulls', Object.values(await select(2)));
  show('parameter', await one('SELECT ar.abs($1::ar.monetary)', ['USD -1.25']));
  show('cast', await one(`SELECT amount::numeric FROM kept WHERE driver = 'node' AND place = 1`));
  for (const [name, values] of [['currency', [null, 'USD 1.00']], ['malformed', ['USD 1.005', null]]]) {
    await insert(3, [...values, null, null, null, null]).catch((error) => show(name, error.code));
  }

  // Arrays of a type that it does not know are strings, until it is told.
  const oid = await one(`SELECT 'ar.monetary[]'::regtype::oid`);
  types.setTypeParser(oid, types.getTypeParser(1009)); // as text[] is
  show('told_amounts', (await select(1)).amounts);
  await client.end();
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
