"""Exchange (交换): jobs that carry rows from where they lie to where they are used, none lost, none
twice."""
