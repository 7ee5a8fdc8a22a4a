"""The rules of ksdb, without a framework, a database or a clock of their own."""
