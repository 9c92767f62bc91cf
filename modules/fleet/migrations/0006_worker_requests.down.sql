alter table worker drop column request;
