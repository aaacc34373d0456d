import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Database, openDatabase } from '../../src/store/database.ts';

describe('writes that share a commit (contract 5: what was answered is kept, what failed is not)', () => {
  let db: Database;

  beforeEach(() => {
    db = openDatabase(':memory:');
    db.sql.exec('CREATE TABLE kept (x INTEGER UNIQUE)');
  });
  afterEach(() => db.close());

  const insert = (x: number, how = 'INSERT') => db.write(() => void db.sql.exec(`${how} INTO kept VALUES (${x})`));
  const kept = () =>
    db.sql
      .prepare('SELECT x FROM kept ORDER BY x')
      .all()
      .map((row) => row.x);
  const statuses = async (...writes: Promise<unknown>[]) => (await Promise.allSettled(writes)).map((one) => one.status);

  it('one that fails undoes itself alone', async () => {
    expect(await statuses(insert(1), insert(1), insert(2))).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(kept()).toEqual([1, 2]);
  });

  // SQLite does this by itself when the disk is full or fails; `OR ROLLBACK` makes it do so here.
  it('all of them fail when SQLite undoes the whole transaction, and none of them is written', async () => {
    const told = await Promise.allSettled([insert(1), insert(1, 'INSERT OR ROLLBACK'), insert(2)]);
    const rejected = { status: 'rejected', reason: { message: expect.stringContaining('UNIQUE') } };
    expect(told).toMatchObject([rejected, rejected, rejected]);
    expect(kept()).toEqual([]);
    expect(await statuses(insert(3))).toEqual(['fulfilled']);
    expect(kept()).toEqual([3]);
  });

  it('all of them fail when one hides that the transaction is gone', async () => {
    const first = insert(1);
    const hidden = db.write(() => {
      try {
        db.sql.exec('INSERT OR ROLLBACK INTO kept VALUES (1)');
      } catch {}
    });
    expect(await statuses(first, hidden, insert(2))).toEqual(['rejected', 'rejected', 'rejected']);
    expect(kept()).toEqual([]);
  });

  it('all of them fail when the commit does, those that were refused included', async () => {
    db.sql.exec(`
      CREATE TABLE parent (id INTEGER PRIMARY KEY);
      CREATE TABLE child (id INTEGER REFERENCES parent DEFERRABLE INITIALLY DEFERRED);
    `);
    const orphan = db.write(() => void db.sql.exec('INSERT INTO child VALUES (1)'));
    const refused = db.write(() => {
      throw new Error('seen inside the transaction');
    });
    const [, , why] = await Promise.allSettled([insert(1), orphan, refused]);
    expect(why).toMatchObject({ status: 'rejected', reason: { message: expect.stringContaining('FOREIGN KEY') } });
    expect(kept()).toEqual([]);
    expect(await statuses(insert(2))).toEqual(['fulfilled']);
  });

  it('what waits is written when the database is closed, and nothing after it', async () => {
    const other = openDatabase(':memory:');
    const answers = [other.write(() => other.sql.exec('CREATE TABLE t (x)'))];
    other.close();
    answers.push(other.write(() => other.sql.exec('CREATE TABLE u (x)')));
    expect(await statuses(...answers)).toEqual(['fulfilled', 'rejected']);
  });
});
