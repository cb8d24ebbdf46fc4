import { SQLiteStore as LibSQLStore, Aquifer as Mastra } from 'aquifer'

export const mastra = new Mastra({
  storage: new LibSQLStore({
    id: 'mastra-storage',
    url: ':memory:',
  }),
})
