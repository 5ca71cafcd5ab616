"""SQL scripts of the warehouse, read by `warehouse.sqltext.script`."""
