drop table leader;
